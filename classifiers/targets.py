"""What is learned: the names of our labels, and how the public tables map onto them.

Complexity is the chance that a small model falls short *where a large one does not*:
(1 - mean small score) * mean large score. Not hardness: a prompt that both fail belongs to the
small one, and ranking by hardness alone recovers less than chance of ZebraLogic's gap.
"""

from __future__ import annotations

DOMAINS = (
    "biology",
    "business",
    "chemistry",
    "computer science",
    "economics",
    "engineering",
    "health",
    "history",
    "law",
    "math",
    "other",
    "philosophy",
    "physics",
    "psychology",
)
TASKS = (
    "chat",
    "question_answering",
    "reasoning",
    "maths",
    "code",
    "summarising",
    "rewriting",
    "translation",
    "extraction",
    "classification",
    "creative_writing",
    "planning",
)

# One judge only: win rates against different references must never be mixed.
ALPACA_JUDGE = "alpaca_eval_gpt4"

_ZEROEVAL_SMALL = (
    "Phi-3-mini-4k-instruct",
    "Phi-3.5-mini-instruct",
    "Meta-Llama-3-8B-Instruct",
    "Meta-Llama-3.1-8B-Instruct",
    "Qwen2.5-3B-Instruct",
    "Qwen2.5-7B-Instruct",
    "Qwen2-7B-Instruct",
    "gemma-2-9b-it",
)
_ZEROEVAL_LARGE = (
    "gpt-4o-2024-05-13",
    "gpt-4o-2024-08-06",
    "gpt-4-turbo-2024-04-09",
    "claude-3-5-sonnet-20240620",
    "Meta-Llama-3.1-70B-Instruct",
    "Llama-3.1-405B-Inst@sambanova",
    "Qwen2.5-72B-Instruct",
    "Mistral-Large-2",
    "o1-mini-2024-09-12",
    "o1-preview-2024-09-12",
)
SMALL_MODELS: dict[str, tuple[str, ...]] = {
    "mmlu_pro": (
        "Phi-3-mini-4k-instruct",
        "Meta-Llama-3-8B-Instruct",
        "Meta-Llama-3_1-8B-Instruct",
        "mathstral-7B",
        "Mistral-7B-Instruct-v0.2",
        "Qwen1.5-7B-Chat",
    ),
    "routellm_mmlu": ("mistralai/Mixtral-8x7B-Instruct-v0.1",),
    "llmrouter9": (
        "mistral-7b-instruct-v0.3",
        "qwen2.5-7b-instruct",
        "gemma-2-9b-it",
        "llama-3.1-8b-instruct",
    ),
    "alpaca_eval": (
        "zephyr-7b-beta",
        "evo-v2-7b",
        "mistral-orpo-beta",
        "tulu-2-dpo-7b",
        "deita-7b-v1.0",
    ),
    "zeroeval_math-l5": _ZEROEVAL_SMALL,
    "zeroeval_mmlu-redux": _ZEROEVAL_SMALL,
    "zeroeval_zebra-grid": _ZEROEVAL_SMALL,
}
LARGE_MODELS: dict[str, tuple[str, ...]] = {
    "mmlu_pro": (
        "gpt-4o-2024-05-13",
        "gemini-1.5-pro-002",
        "gemini-1.5-flash-002",
        "Meta-Llama-3_1-70B-Instruct",
    ),
    "routellm_mmlu": ("gpt-4-1106-preview",),
    "llmrouter9": ("llama-3.3-nemotron-super-49b-v1", "llama-3.1-nemotron-51b-instruct"),
    "alpaca_eval": ("gpt4", "gpt4_turbo", "gpt4_1106_preview", "mistral-medium", "tulu-2-dpo-70b"),
    "zeroeval_math-l5": _ZEROEVAL_LARGE,
    "zeroeval_mmlu-redux": _ZEROEVAL_LARGE,
    "zeroeval_zebra-grid": _ZEROEVAL_LARGE,
}
# The pairs that figures are reported for: (weak, strong) of each table.
REPORTED_PAIRS: dict[str, tuple[str, str]] = {
    "routellm_mmlu": ("mistralai/Mixtral-8x7B-Instruct-v0.1", "gpt-4-1106-preview"),
    "mmlu_pro": ("Phi-3-mini-4k-instruct", "gpt-4o-2024-05-13"),
    "zeroeval_mmlu-redux": ("Phi-3.5-mini-instruct", "gpt-4o-2024-05-13"),
    "zeroeval_math-l5": ("Qwen2.5-3B-Instruct", "gpt-4o-2024-05-13"),
    "zeroeval_zebra-grid": ("Meta-Llama-3.1-8B-Instruct", "gpt-4o-2024-05-13"),
    "llmrouter9": ("llama-3.1-8b-instruct", "llama-3.1-nemotron-51b-instruct"),
}

# Super-NaturalInstructions category -> our task. Left out where no task of ours fits.
SNI_TASKS: dict[str, str] = {
    "Question Generation": "creative_writing",
    "Question Answering": "question_answering",
    "Named Entity Recognition": "extraction",
    "Information Extraction": "extraction",
    "Keyword Tagging": "extraction",
    "Pos Tagging": "extraction",
    "Sentence Composition": "rewriting",
    "Misc.": "question_answering",
    "Title Generation": "summarising",
    "Summarization": "summarising",
    "Sentence Compression": "summarising",
    "Text Completion": "creative_writing",
    "Story Composition": "creative_writing",
    "Program Execution": "reasoning",
    "Coreference Resolution": "reasoning",
    "Sentence Ordering": "reasoning",
    "Question Understanding": "classification",
    "Intent Identification": "classification",
    "Text Matching": "classification",
    "Sentiment Analysis": "classification",
    "Text Categorization": "classification",
    "Section Classification": "classification",
    "Toxic Language Detection": "classification",
    "Cause Effect Classification": "classification",
    "Speaker Identification": "classification",
    "Question Rewriting": "rewriting",
    "Paraphrasing": "rewriting",
    "Text Simplification": "rewriting",
    "Style Transfer": "rewriting",
    "Sentence Perturbation": "rewriting",
    "Word Semantics": "question_answering",
    "Fill in The Blank": "question_answering",
    "Number Conversion": "maths",
}
# prompts.parquet: dataset, or (dataset, category) -> our task.
PROMPT_TASKS: dict[tuple[str, str], str] = {
    ("mmlu_pro", "math"): "maths",
    ("mmlu_pro", "history"): "question_answering",
    ("mmlu_pro", "law"): "question_answering",
    ("mmlu_pro", "biology"): "question_answering",
    ("mmlu_pro", "psychology"): "question_answering",
    ("zeroeval_math-l5", "math"): "maths",
    ("zeroeval_zebra-grid", "logic"): "reasoning",
    ("llmrouter9", "agentverse-logicgrid"): "reasoning",
    ("llmrouter9", "gsm8k"): "maths",
    ("llmrouter9", "math"): "maths",
    ("llmrouter9", "mbpp"): "code",
    ("llmrouter9", "human_eval"): "code",
    ("llmrouter9", "natural_qa"): "question_answering",
    ("llmrouter9", "trivia_qa"): "question_answering",
    ("llmrouter9", "openbook_qa"): "question_answering",
    ("llmrouter9", "arc_challenge"): "question_answering",
    ("llmrouter9", "commonsense_qa"): "question_answering",
}
CHAT_INTENTS = frozenset({"small_talk", "meta", "general", "oos", "recommendation", "social"})

# MMLU subject -> domain, as MMLU-Pro merged them (arXiv 2406.01574, section 3).
_MMLU_OF_DOMAIN: dict[str, str] = {
    "biology": "anatomy college_biology high_school_biology medical_genetics virology",
    "business": "business_ethics management marketing professional_accounting",
    "chemistry": "college_chemistry high_school_chemistry",
    "computer science": "college_computer_science computer_security high_school_computer_science "
    "machine_learning",
    "economics": "econometrics high_school_macroeconomics high_school_microeconomics",
    "engineering": "electrical_engineering",
    "health": "clinical_knowledge college_medicine human_aging nutrition professional_medicine",
    "history": "high_school_european_history high_school_us_history high_school_world_history "
    "prehistory",
    "law": "international_law jurisprudence professional_law",
    "math": "abstract_algebra college_mathematics elementary_mathematics high_school_mathematics "
    "high_school_statistics math",
    "philosophy": "formal_logic logical_fallacies moral_disputes moral_scenarios philosophy "
    "world_religions",
    "physics": "astronomy college_physics conceptual_physics high_school_physics",
    "psychology": "high_school_psychology human_sexuality professional_psychology",
    "other": "global_facts miscellaneous",
}
SUBJECT_DOMAINS: dict[str, str] = {
    subject: domain for domain, subjects in _MMLU_OF_DOMAIN.items() for subject in subjects.split()
} | {"gsm8k": "math", "mbpp": "computer science", "human_eval": "computer science"}
# Tasks of our own prompts that fix the domain; everyday ones are nobody's speciality.
AUTHORED_DOMAINS: dict[str, str] = {
    "code": "computer science",
    "maths": "math",
    "chat": "other",
    "translation": "other",
    "rewriting": "other",
    "creative_writing": "other",
    "planning": "other",
}
