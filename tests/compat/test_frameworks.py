"""The frameworks that applications are built with, each plain, streamed, with tools and with
structured output, with nothing changed but the address."""

import gc
import warnings
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, SecretStr

from tests.fakes.process import GatewayProcess

pytestmark = pytest.mark.filterwarnings("default")  # theirs are not ours to mend


@pytest.fixture(autouse=True)
def none_of_their_sockets_outlives_a_test() -> Iterator[None]:
    """They leave open connections to the garbage collector: it comes before the next test does."""
    yield
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


QUESTION = "What is the weather in Paris?"


class Person(BaseModel):
    """A person."""

    name: str
    age: int


def get_weather(city: str) -> str:
    """Current weather in a city."""
    return f"18 degrees in {city}"


class TestLangChain:
    """langchain-openai, on chat completions and on responses."""

    @pytest.fixture(params=[False, True], ids=["chat", "responses"])
    def model(self, gateway: GatewayProcess, request: pytest.FixtureRequest) -> Any:
        from langchain_openai import ChatOpenAI

        return ChatOpenAI(
            model="auto",
            base_url=f"{gateway.url}/v1",
            api_key=SecretStr("unused"),
            max_retries=0,
            use_responses_api=request.param,
        )

    def test_plain(self, model: Any) -> None:
        answer = model.invoke("Hello")

        assert answer.text
        assert answer.usage_metadata["total_tokens"] > 0

    def test_streamed(self, model: Any) -> None:
        assert "".join(chunk.text for chunk in model.stream("Hello"))

    def test_tools(self, model: Any) -> None:
        from langchain_core.messages import HumanMessage, ToolMessage
        from langchain_core.tools import tool

        bound = model.bind_tools([tool(get_weather)], tool_choice="get_weather")
        asked = bound.invoke(QUESTION)
        (call,) = asked.tool_calls
        result = ToolMessage(get_weather(**call["args"]), tool_call_id=call["id"])

        assert call["name"] == "get_weather"
        assert model.invoke([HumanMessage(QUESTION), asked, result]).text

    def test_structured(self, model: Any) -> None:
        told = model.with_structured_output(Person, method="json_schema").invoke("Invent one")

        assert isinstance(told, Person)

    def test_embeddings(self, gateway: GatewayProcess) -> None:
        from langchain_openai import OpenAIEmbeddings

        asked: Any = {"base_url": f"{gateway.url}/v1", "api_key": SecretStr("unused")}
        embedder = OpenAIEmbeddings(
            model="sim-embedder", dimensions=8, check_embedding_ctx_length=False, **asked
        )

        assert len(embedder.embed_query("Hi")) == 8


class TestLlamaIndex:
    """llama-index-llms-openai-like."""

    @pytest.fixture
    def model(self, gateway: GatewayProcess) -> Any:
        from llama_index.llms.openai_like import OpenAILike

        return OpenAILike(
            model="auto",
            api_base=f"{gateway.url}/v1",
            api_key="unused",
            is_chat_model=True,
            is_function_calling_model=True,
            should_use_structured_outputs=True,
            max_retries=0,
        )

    def test_plain(self, model: Any) -> None:
        assert model.complete("Hello").text

    def test_streamed(self, model: Any) -> None:
        assert "".join(str(part.delta or "") for part in model.stream_complete("Hello"))

    def test_tools(self, model: Any) -> None:
        from llama_index.core.tools import FunctionTool

        tool = FunctionTool.from_defaults(get_weather)
        answer = model.chat_with_tools([tool], user_msg=QUESTION, tool_required=True)
        (call,) = model.get_tool_calls_from_response(answer)

        assert (call.tool_name, list(call.tool_kwargs)) == ("get_weather", ["city"])

    def test_structured(self, model: Any) -> None:
        assert isinstance(model.as_structured_llm(Person).complete("Invent one").raw, Person)


class TestPydanticAI:
    """pydantic-ai, which drives its tool loop itself, on chat completions and on responses."""

    @pytest.fixture(params=["OpenAIChatModel", "OpenAIResponsesModel"])
    def model(self, gateway: GatewayProcess, request: pytest.FixtureRequest) -> Any:
        from pydantic_ai.models import openai
        from pydantic_ai.providers.openai import OpenAIProvider

        provider = OpenAIProvider(base_url=f"{gateway.url}/v1", api_key="unused")
        return getattr(openai, request.param)("auto", provider=provider)

    async def test_plain(self, model: Any) -> None:
        from pydantic_ai import Agent

        result = await Agent(model, instructions="Be terse.").run("Hello")

        assert result.output

    async def test_streamed(self, model: Any) -> None:
        from pydantic_ai import Agent

        async with Agent(model).run_stream("Hello") as result:
            assert "".join([part async for part in result.stream_text(delta=True)])

    async def test_tools(self, model: Any) -> None:
        from pydantic_ai import Agent

        called = []

        def weather(city: str) -> str:
            """Current weather in a city."""
            called.append(city)
            return get_weather(city)

        result = await Agent(model, tools=[weather]).run(QUESTION)

        assert called and result.output

    async def test_structured(self, model: Any) -> None:
        from pydantic_ai import Agent, NativeOutput

        native = await Agent(model, output_type=NativeOutput(Person)).run("Invent one")
        by_tool = await Agent(model, output_type=Person).run("Invent one")

        assert isinstance(native.output, Person) and isinstance(by_tool.output, Person)


class TestLLM:
    """simonw/llm, the command line, with the model defined as its users define it."""

    @pytest.fixture
    def model(self, gateway: GatewayProcess) -> Any:
        from llm.default_plugins import openai_models

        chat: Any = openai_models.Chat
        model = chat(
            "auto",
            model_name="auto",
            api_base=f"{gateway.url}/v1",
            supports_tools=True,
            supports_schema=True,
        )
        model.key = "unused"
        return model

    def test_plain(self, model: Any) -> None:
        assert model.prompt("Hello", stream=False).text()

    def test_streamed(self, model: Any) -> None:
        assert "".join(model.prompt("Hello", stream=True))

    def test_tools(self, model: Any) -> None:
        chain = model.chain(QUESTION, tools=[get_weather])

        assert chain.text()
        assert [call.name for response in chain.responses() for call in response.tool_calls()]

    def test_structured(self, model: Any) -> None:
        text = model.prompt("Invent one", schema=Person, stream=False).text()

        assert Person.model_validate_json(text)


class TestInstructor:
    """instructor, which is all structured output: by tools, by schema, and streamed."""

    def test_structured(self, gateway: GatewayProcess) -> None:
        import instructor
        import openai

        with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key="unused") as plain:
            for mode in (instructor.Mode.TOOLS, instructor.Mode.JSON_SCHEMA):
                client = instructor.from_openai(plain, mode=mode)
                asked: Any = {
                    "model": "auto",
                    "messages": [{"role": "user", "content": "Invent one"}],
                    "response_model": Person,
                }

                assert isinstance(client.create(**asked), Person)
                assert list(client.create_partial(**asked))[-1].age is not None
