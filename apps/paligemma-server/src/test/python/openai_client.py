"""Asks a server as users of openai-python do. Arguments: the address with /v1, and a picture. Prints one line per check; a failed one ends it."""

import base64
import sys

import openai
from openai import OpenAI

address, picture = sys.argv[1:]
with open(picture, "rb") as file:
    url = "data:image/png;base64," + base64.b64encode(file.read()).decode()
client = OpenAI(base_url=address, api_key="secret", max_retries=0)
CAPTION = "a blue square and the word cafe"


def ask(prompt="caption en", **more):
    content = [{"type": "image_url", "image_url": {"url": url}}, {"type": "text", "text": prompt}]
    arguments = {"model": "paligemma-tiny", "messages": [{"role": "user", "content": content}], **more}
    return client.chat.completions.create(**arguments)


def same(what, got, expected):
    if got != expected:
        sys.exit(f"{what}: expected {expected!r}, got {got!r}")
    print("ok", what)


def refused(what, kind, **more):
    try:
        ask(**more)
    except kind as e:
        print("ok", what, e.status_code, e.code)
        return e
    sys.exit(f"{what}: expected {kind.__name__}, got an answer")


same("models", [model.id for model in client.models.list()], ["paligemma-tiny"])
answer = ask(logprobs=True, top_logprobs=2, seed=1)
same("plain", answer.choices[0].message.content, CAPTION)
same("finish", answer.choices[0].finish_reason, "stop")
same("tokens", len(answer.choices[0].logprobs.content), answer.usage.completion_tokens)
same("sum", answer.usage.prompt_tokens + answer.usage.completion_tokens, answer.usage.total_tokens)

chunks = list(ask(stream=True, stream_options={"include_usage": True}))
same("stream", "".join(c.choices[0].delta.content or "" for c in chunks if c.choices), CAPTION)
same("stream usage", chunks[-1].usage.total_tokens, answer.usage.total_tokens)

same("stop", ask(stop=[" and"]).choices[0].message.content, "a blue square")
same("length", ask(max_completion_tokens=2).choices[0].finish_reason, "length")
same("choice", ask("answer en is there a blue square?", extra_body={"structured_outputs": {"choice": ["yes", "no"]}}).choices[0].message.content, "yes")
same("detections", ask("detect blue square").choices[0].message.detections[0]["label"], "blue square")

same("404", refused("unknown model", openai.NotFoundError, model="gpt-4o").code, "model_not_found")
same("400", refused("no messages", openai.BadRequestError, messages=[]).param, "messages")
same("param", refused("temperature", openai.BadRequestError, temperature=9).param, "temperature")
try:
    OpenAI(base_url=address, api_key="wrong", max_retries=0).models.list()
    sys.exit("expected a wrong key to be refused")
except openai.AuthenticationError as e:
    same("401", e.code, "invalid_api_key")
with ask(stream=True) as stream:
    for chunk in stream:
        break
print("done")
