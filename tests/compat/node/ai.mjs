// The Vercel AI SDK, by its OpenAI provider (which speaks responses) and by the one for compatible
// servers (which speaks chat completions): each check prints its name once it holds.
import assert from "node:assert/strict";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { embed, generateText, Output, stepCountIs, streamText, tool } from "ai";
import { z } from "zod";

const baseURL = process.argv[2];
const compatible = createOpenAICompatible({
  name: "slm-router",
  baseURL,
  apiKey: "unused",
  includeUsage: true,
  supportsStructuredOutputs: true,
});
const openai = createOpenAI({ baseURL, apiKey: "unused" });
const providers = { chat: compatible("auto"), responses: openai.responses("auto") };
const prompt = "What is the weather in Paris?";
const Person = z.object({ name: z.string(), age: z.number() });

const checks = {
  async plain(model) {
    const told = await generateText({ model, prompt, maxRetries: 0 });
    assert.ok(told.text);
    assert.ok(told.usage.totalTokens > 0);
  },
  async streamed(model) {
    const told = streamText({ model, prompt, maxRetries: 0 });
    let text = "";
    for await (const piece of told.textStream) text += piece;
    assert.ok(text);
    assert.equal(await told.finishReason, "stop");
    assert.ok((await told.usage).totalTokens > 0);
  },
  async tools(model) {
    let asked = null;
    const told = await generateText({
      model,
      prompt,
      maxRetries: 0,
      stopWhen: stepCountIs(3),
      tools: {
        get_weather: tool({
          description: "Current weather in a city",
          inputSchema: z.object({ city: z.string() }),
          execute: async ({ city }) => ((asked = city), `18 degrees in ${city}`),
        }),
      },
    });
    assert.ok(asked);
    assert.ok(told.text);
  },
  async structured(model) {
    const told = await generateText({ model, prompt, maxRetries: 0, output: Output.object({ schema: Person }) });
    assert.equal(typeof told.output.age, "number");
  },
};

for (const [kind, model] of Object.entries(providers)) {
  for (const [name, check] of Object.entries(checks)) {
    await check(model);
    console.log(`${kind} ${name}`);
  }
}
const { embedding } = await embed({ model: compatible.embeddingModel("sim-embedder"), value: "Hi" });
assert.equal(embedding.length, 256);
console.log("embeddings");
