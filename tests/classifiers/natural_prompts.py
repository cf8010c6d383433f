"""Prompts as people write them, with what they ask for. Nothing here was trained on.

They were written apart from `classifiers/authored/prompts.json`; short ones such as "hi" or
"translate to German" inevitably resemble its templates.
"""

from __future__ import annotations

BY_TASK: tuple[tuple[str, str], ...] = (
    ("chat", "hi, how are you?"),
    ("chat", "heyyy"),
    ("chat", "thank you, you're a star"),
    ("chat", "ugh, mondays. i'm so tired"),
    ("chat", "are you a real person?"),
    ("chat", "good night!"),
    ("question_answering", "what is the capital of France?"),
    ("question_answering", "Who discovered penicillin?"),
    ("question_answering", "how tall is the eiffel tower"),
    ("question_answering", "What's the difference between a virus and a bacterium?"),
    ("question_answering", "Why do cats purr?"),
    ("question_answering", "when was the Berlin Wall torn down"),
    ("reasoning", "Alice, Bob and Carol each own one pet: a fish, a bird or a dog. Alice is allergic "
     "to fur, Bob's pet cannot fly and Carol does not own the bird. Who owns the dog?"),
    ("reasoning", "You meet two guards, one always lies and one always tells the truth. What single "
     "question gets you through the right door?"),
    ("reasoning", "If every blip is a blop and no blop is a blap, can a blip be a blap? Explain."),
    ("reasoning", "Sam sits two seats to the right of Pat. Kim is between them. Lee is at the far "
     "left. Who sits at the far right?"),
    ("maths", "prove that sqrt 2 is irrational"),
    ("maths", "what's 18% of 245"),
    ("maths", "Solve 3x^2 - 12x + 9 = 0"),
    ("maths", "Find the volume of a cone with radius 4 cm and height 9 cm."),
    ("maths", "A shop sells pens at 3 for $2. How much do 27 pens cost?"),
    ("maths", "differentiate ln(x^2+1)"),
    ("code", "fix this python function\n\ndef mean(xs):\n    return sum(xs) / len(x)"),
    ("code", "How do I read a file line by line in Python?"),
    ("code", "write a bash one-liner that renames all .jpeg files to .jpg"),
    ("code", "TypeError: 'NoneType' object is not subscriptable - what does it mean?"),
    ("code", "implement quicksort in java"),
    ("code", "Why is my React component re-rendering on every keystroke?"),
    ("summarising", "summarise this article: The European Central Bank left interest rates unchanged "
     "on Thursday, citing stubborn inflation in services. Its president said that cuts before the "
     "summer were unlikely. Markets had expected a softer tone and bond yields rose."),
    ("summarising", "tldr please: We met for two hours. Engineering will move the launch to May since "
     "the payment provider is late. Marketing needs new assets by April 10. Legal signed off."),
    ("summarising", "Give me the gist of this in two sentences: Octopuses have three hearts and blue "
     "blood. Two hearts pump blood to the gills while the third serves the body. It stops when the "
     "animal swims, which is why they prefer crawling."),
    ("rewriting", "make this email sound more polite: Send me the report today, I've waited long "
     "enough."),
    ("rewriting", "correct the mistakes: he dont know nothing about it and neither does his freinds"),
    ("rewriting", "Rephrase this so a child understands it: The mitochondrion is the organelle that "
     "generates most of the cell's chemical energy."),
    ("rewriting", "can you reword this paragraph so that it doesn't sound like a robot wrote it? Our "
     "solution leverages synergies to deliver value to stakeholders."),
    ("translation", "translate to German: I would like to return this jacket because it is too small."),
    ("translation", "How do you say 'see you later' in Italian?"),
    ("translation", "Translate the following paragraph to Spanish.\n\nThe museum is closed on Mondays. "
     "Tickets can be bought online or at the door."),
    ("translation", "what's the french for butterfly"),
    ("extraction", "Extract all company names and amounts from this: On 4 May Globex bought Initech "
     "for $40m, while Hooli paid $3m for a stake in Pied Piper."),
    ("extraction", "list the dates mentioned in this letter: We received your claim of 2 March on 9 "
     "March and will answer before 30 April."),
    ("extraction", "Pull the phone number and street out of this signature and give me JSON: Jane "
     "Roe, 12 Elm Street, Springfield, 555-0147"),
    ("classification", "is this review positive or negative? The soup was cold and the waiter rude."),
    ("classification", "Classify the following tweet as hate speech, offensive or neither: you all "
     "drive like my grandma"),
    ("classification", "Which department should this ticket go to (billing, technical, sales)? 'I was "
     "charged twice this month.'"),
    ("creative_writing", "write a haiku about rain"),
    ("creative_writing", "Tell me a bedtime story about a hedgehog who wants to fly"),
    ("creative_writing", "write me a breakup song in the style of country music"),
    ("creative_writing", "Give me ten catchy names for a bakery"),
    ("creative_writing", "Write a short horror story set on a submarine."),
    ("planning", "plan a 3-day trip to Rome"),
    ("planning", "I need a weekly workout schedule, I can train Tuesday, Thursday and Sunday"),
    ("planning", "Help me organise my sister's baby shower: what should I do by when?"),
    ("planning", "Make a study plan for the bar exam, I have ten weeks and work full time."),
)

EASY: tuple[str, ...] = (
    "hi, how are you?",
    "thanks!",
    "good morning",
    "what is the capital of France?",
    "who wrote Hamlet?",
    "what colour is the sky",
    "how many hours are in a day?",
    "set a timer for ten minutes",
    "translate to German: good evening",
    "write a haiku about rain",
    "tell me a joke",
    "what's 2 + 2?",
    "fix the typo: I recieved your mesage",
    "is this positive or negative: I love it",
    "remind me to call mum at six",
    "what's your favourite colour?",
)

HARD: tuple[str, ...] = (
    "A compound C8H8O2 gives 1H NMR signals at 9.8 ppm (s, 1H), 7.8 (d, 2H), 7.0 (d, 2H) and 3.9 "
    "(s, 3H), and a strong IR band at 1690 cm-1. Deduce its structure and assign each signal.",
    "Prove that there are infinitely many primes congruent to 3 modulo 4.",
    "Under English law, A orally promises to sell Blackacre to B, who builds a house on it in "
    "reliance. Later A sells to C, who knows of the house. Advise B on proprietary estoppel, the "
    "requirement of writing and priority over C.",
    "A 78-year-old woman on dialysis preparation (eGFR 28) with non-valvular atrial fibrillation, "
    "weight 52 kg, takes verapamil and needs anticoagulation after a recent stroke. Which agent and "
    "dose would you choose, when do you start, and what do you monitor?",
    "Find the number of ordered pairs (a, b) of integers with 1 <= a < b <= 500 such that a + b "
    "divides ab and the greatest common divisor of a and b is at most 12.",
    "There are 5 houses in a row. The Norwegian lives in the first house. The man who smokes Kools "
    "lives next to the house with the horse. The green house is immediately right of the ivory "
    "house. The Ukrainian drinks tea, the Spaniard owns the dog, and milk is drunk in the middle "
    "house. Who owns the zebra?",
    "Let X be a compact metric space and f: X -> X an isometry. Prove that f is surjective, and give "
    "a counterexample when X is not compact.",
    "Our Postgres primary stalls for 30 seconds whenever autovacuum freezes a 2 TB table while a "
    "logical replication slot lags. Explain the interaction of xmin horizon, WAL retention and "
    "buffer eviction, and design a fix that needs no downtime.",
    "Write a concurrent hash map in C++20 with lock-free reads, incremental resizing and hazard "
    "pointers, and argue for its correctness under the C++ memory model.",
    "Derive the one-loop beta function of phi^4 theory in dimensional regularisation and explain "
    "the fixed point below four dimensions.",
    "An ideal gas undergoes a reversible cycle of an isothermal expansion at 500 K from 2 L to 6 L, "
    "an isochoric cooling to 300 K and an adiabatic compression. Compute work, heat and entropy "
    "change of each step for 1.5 mol with Cv = 5R/2.",
    "A firm faces inverse demand P = 120 - Q and a rival with marginal cost 20 moves second. With "
    "its own cost 10 + 0.5q, derive the subgame-perfect equilibrium and the welfare loss relative "
    "to the first best.",
    "A 5-kg block slides down a 30 degree incline of a movable 12-kg wedge on a frictionless "
    "table. The friction coefficient between block and wedge is 0.2. Find both accelerations.",
    "Show that the language of palindromes over a two-letter alphabet cannot be recognised by a "
    "deterministic pushdown automaton.",
)

HARD_IN_OTHER_LANGUAGES: tuple[str, ...] = (
    "Demuestra que existen infinitos números primos congruentes con 3 módulo 4 y explica por qué el "
    "mismo argumento no sirve para los congruentes con 1.",
    "Una mujer de 78 años con filtrado glomerular de 28 ml/min y fibrilación auricular necesita "
    "anticoagulación tras un ictus. ¿Qué fármaco y dosis elegiría, cuándo empezaría y por qué?",
    "Докажите, что функция, непрерывная на отрезке, равномерно непрерывна на нём, и приведите пример "
    "функции на интервале (0, 1), для которой это неверно.",
    "Найдите все пары натуральных чисел (a, b), для которых a^2 + b^2 делится на ab + 1, и докажите, "
    "что частное является полным квадратом.",
    "证明：若函数 f 在闭区间 [a, b] 上连续，则 f 在该区间上一致连续；并举例说明在开区间上结论不成立。",
    "一名 78 岁女性，eGFR 28，房颤，近期脑卒中，正在服用维拉帕米。请选择抗凝药物及剂量，并说明理由和监测方案。",
    "Beweisen Sie, dass es unendlich viele Primzahlen der Form 4k+3 gibt, und erläutern Sie, warum "
    "sich der Beweis nicht auf die Form 4k+1 übertragen lässt.",
    "Leiten Sie aus den Maxwell-Gleichungen die Wellengleichung in einem leitenden Medium her und "
    "berechnen Sie die Eindringtiefe für Kupfer bei 50 Hz.",
)

EASY_IN_OTHER_LANGUAGES: tuple[str, ...] = (
    "hola, ¿cómo estás?",
    "gracias",
    "привет!",
    "спасибо большое",
    "你好",
    "谢谢",
    "guten Morgen",
    "wie heißt du?",
)
