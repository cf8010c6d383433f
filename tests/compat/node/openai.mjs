// The official Node SDK of OpenAI: each check prints its name once it holds.
import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodResponseFormat } from "openai/helpers/zod";
import { z } from "zod";

const client = new OpenAI({ baseURL: process.argv[2], apiKey: "unused", maxRetries: 0 });
const messages = [{ role: "user", content: "What is the weather in Paris?" }];
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const Person = z.object({ name: z.string(), age: z.number() });

const checks = {
  async plain() {
    const { data, response } = await client.chat.completions
      .create({ model: "auto", messages })
      .withResponse();
    assert.ok(data.choices[0].message.content);
    assert.match(response.headers.get("x-slm-router-model"), /^sim-/);
  },
  async streamed() {
    let text = "";
    for await (const chunk of await client.chat.completions.create({ model: "auto", messages, stream: true })) {
      text += chunk.choices[0].delta.content ?? "";
    }
    assert.ok(text);
  },
  async tools() {
    let asked = null;
    const runner = client.chat.completions.runTools({
      model: "auto",
      messages,
      tools: [
        {
          type: "function",
          function: {
            name: "get_weather",
            description: "Current weather in a city",
            parameters,
            parse: JSON.parse,
            function: ({ city }) => ((asked = city), `18 degrees in ${city}`),
          },
        },
      ],
    });
    assert.ok(await runner.finalContent());
    assert.ok(asked);
  },
  async structured() {
    const told = await client.chat.completions.parse({
      model: "auto",
      messages,
      response_format: zodResponseFormat(Person, "person"),
    });
    assert.equal(typeof told.choices[0].message.parsed.age, "number");
  },
  async responses() {
    const told = await client.responses.create({ model: "auto", input: "Hello" });
    assert.ok(told.output_text);
    let text = "";
    for await (const event of await client.responses.create({ model: "auto", input: "Hello", stream: true })) {
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    assert.ok(text);
  },
  async completions() {
    const told = await client.completions.create({ model: "auto", prompt: "Hello" });
    assert.ok(told.choices[0].text);
  },
  async embeddings() {
    const told = await client.embeddings.create({ model: "sim-embedder", input: ["a", "b"], dimensions: 8 });
    assert.deepEqual(told.data.map((one) => one.embedding.length), [8, 8]);
  },
  async errors() {
    await assert.rejects(client.chat.completions.create({ model: "gpt-9", messages }), (error) => {
      assert.ok(error instanceof OpenAI.NotFoundError);
      assert.equal(error.code, "model_not_found");
      assert.ok(error.requestID);
      return true;
    });
  },
};

for (const [name, check] of Object.entries(checks)) {
  await check();
  console.log(name);
}
