"""Rerank: documents, in the order in which they answer a query.

None of OpenAI's endpoints. Cohere, Jina and Voyage have it in one form, and so have vLLM and
llama.cpp: https://docs.vllm.ai/en/stable/serving/openai_compatible_server.html
"""

from router.answer import UsageFields, read_usage
from router.core.cost import Usage
from router.dialects.by_name import Kind
from router.dialects.prompt_input import item_of, items_of


def _usage(told: UsageFields) -> Usage | None:
    """Most tell the total alone: nothing is written."""
    return read_usage({"prompt_tokens": told.get("total_tokens"), **told})


RERANK = Kind(
    endpoint="rerank",
    path="/rerank",
    inputs={"query": item_of, "documents": items_of},
    why="Scores of different models mean different things",
    usage=_usage,
)
