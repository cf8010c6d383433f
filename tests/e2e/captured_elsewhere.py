"""The same of the others that speak OpenAI's form, and of two that are reached through litellm."""

from tests.e2e.captured_usage import (
    DEEPSEEK,
    FLASH,
    GROK,
    PREDICTIONS,
    PYDANTIC,
    SONNET,
    VERCEL,
    Captured,
    answered,
    asked,
    chat,
    rates,
)

GEMINI = (
    "SaiGit-source/AIEngineering_JavaPython CoreConceptsofAI_LLMS/JavaAIDemo_Nov13/src/main/java"
    "/org/gemini/GeminiTest.java @ 59b15bc4"
)
XAI_ASKED = {"audio_tokens": 0, "image_tokens": 0}

COMPATIBLE: dict[str, Captured] = {
    "xAI grok-3-mini, thoughts beside the answer": Captured(
        f"{VERCEL}xai/src/__fixtures__/xai-tool-call.json @ dacf4c49",
        chat(291, 26, 506, num_sources_used=0, cost_in_usd_ticks=1399000)
        | asked(text_tokens=291, cached_tokens=244, **XAI_ASKED)
        | answered(reasoning_tokens=189, audio_tokens=0, **PREDICTIONS),
        GROK,
        "0.0001399",  # its own: 1,399,000 ticks of 1e-10 dollars
        charged=True,
    ),
    "xAI grok-3-mini, streamed": Captured(
        f"{VERCEL}xai/src/__fixtures__/xai-text.chunks.txt @ 6b056ab1",
        chat(12, 1, 303, num_sources_used=0, cost_in_usd_ticks=1466250)
        | asked(text_tokens=12, cached_tokens=11, **XAI_ASKED)
        | answered(reasoning_tokens=290, audio_tokens=0, **PREDICTIONS),
        GROK,
        "0.000146625",
        charged=True,
    ),
    "DeepSeek v4-flash, cache hit": Captured(
        f"{PYDANTIC}test_deepseek/test_deepseek_deferred_capability_with_thinking.yaml @ 8db8e9d8",
        chat(563, 116, 679, prompt_cache_hit_tokens=512, prompt_cache_miss_tokens=51)
        | asked(cached_tokens=512)
        | answered(reasoning_tokens=60),
        DEEPSEEK,
        "0.000053956",  # 51 * 0.14 + 512 * 0.028 + 116 * 0.28 = 7.14 + 14.336 + 32.48
    ),
    "DeepSeek v4-flash, streamed": Captured(
        f"{VERCEL}deepseek/src/chat/__fixtures__/issue-19789-live-usage.chunks.txt @ 80f7349e",
        chat(88, 4, 92, prompt_cache_hit_tokens=0, prompt_cache_miss_tokens=88)
        | asked(cached_tokens=0)
        | answered(reasoning_tokens=4),
        DEEPSEEK,
        "0.00001344",  # 88 * 0.14 + 4 * 0.28 = 12.32 + 1.12
        place="last",
    ),
    "Groq qwen3-32b, reasoning": Captured(
        f"{VERCEL}groq/src/__fixtures__/groq-reasoning.json @ 6b056ab1",
        chat(17, 649, 666, queue_time=0.335637089, total_time=1.231680545)
        | answered(reasoning_tokens=570),
        rates(0.29, 0.59),
        "0.00038784",  # 17 * 0.29 + 649 * 0.59 = 4.93 + 382.91
        place="last",
    ),
    "Groq llama-3.3-70b, streamed": Captured(
        f"{VERCEL}groq/src/__fixtures__/groq-tool-call.chunks.txt @ b6893172",
        chat(210, 15, 225, queue_time=0.041520249, total_time=0.057009128),
        rates(0.59, 0.79),
        "0.00013575",  # 210 * 0.59 + 15 * 0.79 = 123.9 + 11.85
        place="last",
    ),
    "Mistral small": Captured(
        f"{PYDANTIC}test_mistral/test_mistral_chat_with_prediction.yaml @ 52420be6",
        chat(28, 13, 41),
        rates(0.1, 0.3),
        "0.0000067",  # 28 * 0.1 + 13 * 0.3 = 2.8 + 3.9
        place="last",
    ),
    "Mistral magistral-small, streamed": Captured(
        "simonw/llm-mistral tests/fixtures/reasoning/magistral-stream.sse @ bd0e924c",
        chat(28, 4, 32, service_tier="standard") | asked(cached_tokens=0),
        rates(0.5, 1.5),
        "0.00002",  # 28 * 0.5 + 4 * 1.5 = 14 + 6
        place="last",
    ),
    "Gemini 2.5 flash in OpenAI's form, some thought": Captured(
        GEMINI,
        chat(17, 2, 49),
        FLASH,
        "0.0000851",  # 30 tokens of thought are in the total alone: 17 * 0.3 + 32 * 2.5 = 5.1 + 80
        place="last",
    ),
    "Gemini 2.5 flash in OpenAI's form, much thought": Captured(
        GEMINI,
        chat(18, 3, 671),
        FLASH,
        "0.0016379",  # 18 * 0.3 + 653 * 2.5 = 5.4 + 1632.5
        place="last",
    ),
    "OpenRouter, gpt-5-mini": Captured(
        f"{PYDANTIC}test_openrouter/test_openrouter_usage.yaml @ 07b87749",
        chat(17, 1763, 1780, cost=0.00353025, is_byok=False)
        | asked(cached_tokens=0)
        | answered(image_tokens=0, reasoning_tokens=832),
        rates(0.25, 2.0),
        "0.00353025",
        charged=True,
    ),
    "OpenRouter, claude-sonnet-4.6 streamed": Captured(
        f"{PYDANTIC}test_openrouter/test_openrouter_cache_streaming_e2e.yaml @ 6a3ba586",
        chat(254, 5, 259, cost=0.000837, is_byok=False)
        | asked(cached_tokens=0, cache_write_tokens=0, audio_tokens=0, video_tokens=0)
        | answered(reasoning_tokens=0, image_tokens=0, audio_tokens=0),
        rates(3.0, 15.0),
        "0.000837",
        charged=True,
    ),
    "OpenRouter, gpt-oss-20b, responses streamed": Captured(
        f"{PYDANTIC}test_openai_responses/test_openai_responses_raw_cot_stream_openrouter.yaml"
        " @ 5039551a",
        {
            "input_tokens": 78,
            "input_tokens_details": {"cached_tokens": 0},
            "output_tokens": 37,
            "output_tokens_details": {"reasoning_tokens": 22},
            "total_tokens": 115,
            "cost": 0.0000113,
        },
        rates(0.05, 0.2),
        "0.0000113",
        "responses",
        charged=True,
    ),
    "OpenRouter, gemini-2.5-flash-image": Captured(
        f"{PYDANTIC}test_openrouter/test_openrouter_image_generation.yaml @ 972b6d6a",
        chat(3, 1298, 1301)
        | asked(cached_tokens=0)
        | answered(image_tokens=1290, reasoning_tokens=0),
        FLASH,
        "0.0387209",  # 3 * 0.3 + 8 * 2.5 + 1290 * 30 = 0.9 + 20 + 38700
    ),
    "Vercel AI Gateway, grok-4.1-fast, cached": Captured(
        f"{VERCEL}xai/src/__fixtures__/issue-19639-generate.json @ 0a16ee9c",
        chat(675, 1, 676, cost=0.0000344, cache_creation_input_tokens=0)
        | asked(cached_tokens=674, audio_tokens=0, video_tokens=0)
        | answered(reasoning_tokens=0, image_tokens=0),
        rates(0.2, 0.5, cached_input=0.05),
        "0.0000344",
        charged=True,
    ),
    "Moonshot kimi-k3, cached": Captured(
        f"{VERCEL}moonshotai/src/__fixtures__/moonshotai-usage-live.json @ db416979",
        chat(90, 34, 124, cached_tokens=90)
        | asked(cached_tokens=90)
        | answered(reasoning_tokens=17),
        rates(0.6, 3.0, cached_input=0.1),
        "0.000111",  # 90 * 0.1 + 34 * 3 = 9 + 102
    ),
    "Moonshot kimi-k2.5, told in the choice": Captured(
        f"{VERCEL}moonshotai/src/__fixtures__/moonshotai-stream-choice-usage.chunks.txt @ d6bd5765",
        chat(12, 5, 17) | answered(reasoning_tokens=1),
        rates(0.6, 3.0, cached_input=0.1),
        "0.0000222",  # 12 * 0.6 + 5 * 3 = 7.2 + 15
        place="choice",
    ),
    "Alibaba qwen3-max, reasoning": Captured(
        f"{VERCEL}alibaba/src/__fixtures__/alibaba-reasoning.json @ d7e3880f",
        chat(24, 1668, 1692) | asked(cached_tokens=0) | answered(reasoning_tokens=1353),
        rates(1.2, 6.0),
        "0.0100368",  # 24 * 1.2 + 1668 * 6 = 28.8 + 10008
    ),
}
THROUGH_LITELLM: dict[str, Captured] = {
    "Bedrock claude-sonnet-4-5, cache written": Captured(
        f"{PYDANTIC}test_bedrock/test_bedrock_cache_write_and_read.yaml @ 111dda9b",
        {
            "cacheDetails": [{"inputTokens": 1322, "ttl": "5m"}],
            "cacheReadInputTokens": 0,
            "cacheWriteInputTokens": 1322,
            "inputTokens": 2,
            "outputTokens": 5,
            "totalTokens": 1329,
        },
        SONNET,
        "0.0050385",  # 2 * 3 + 1322 * 3.75 + 5 * 15 = 6 + 4957.5 + 75
        "bedrock",
    ),
    "Bedrock claude-sonnet-4-5, cache read": Captured(
        f"{PYDANTIC}test_bedrock/test_bedrock_cache_write_and_read.yaml @ 111dda9b",
        {
            "cacheReadInputTokens": 1322,
            "cacheWriteInputTokens": 0,
            "inputTokens": 2,
            "outputTokens": 5,
            "totalTokens": 1329,
        },
        SONNET,
        "0.0004776",  # 2 * 3 + 1322 * 0.3 + 5 * 15 = 6 + 396.6 + 75
        "bedrock",
    ),
    "Cohere command-r7b, fewer units billed than tokens told": Captured(
        f"{PYDANTIC}test_cohere/test_request_usage_with_cached_tokens.yaml @ 5fffc9e4",
        {
            "billed_units": {"input_tokens": 2406, "output_tokens": 2},
            "cached_tokens": 2928,
            "tokens": {"input_tokens": 2935, "output_tokens": 4},
        },
        rates(0.0375, 0.15),
        "0.000090525",  # 2406 * 0.0375 + 2 * 0.15 = 90.225 + 0.3
        "cohere",
    ),
}
