package dev.paligemma.server;

import dev.paligemma.base.internal.Json;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;

/** Makes requests that are good, nearly good or nonsense; the same ones for the same seed. Confined to one thread. */
final class FuzzedRequests {
    private static final String BOUNDARY = "frontier";
    private static final int MANY_HEADERS = 150;

    private static final List<String> TYPED =
            List.of("/v1/caption", "/v1/answer", "/v1/ocr", "/v1/detect", "/v1/segment", "/v1/score", "/v1/draw");
    private static final List<String> OTHERS = List.of(
            "/",
            "/v1/info",
            "/v1/models",
            "/v1/models/paligemma-tiny",
            "/v1/models/%00",
            "/healthz",
            "/readyz",
            "/health",
            "/metrics",
            "/openapi.json",
            "/v1/",
            "/v1/../metrics",
            "//v1/info",
            "/v1/caption/",
            "/v1/caption?image=1&%zz=%",
            "/%",
            "/%ff%fe",
            "/..%2f..%2fetc/passwd",
            "*",
            "http://127.0.0.1/metrics",
            "/a b",
            "",
            "/\u00e9");
    private static final List<String> METHODS =
            List.of("GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "TRACE", "post", "FOO", "", "P\u0000ST");
    private static final List<String> TYPES = List.of(
            "application/json",
            "application/json; charset=utf-16",
            "text/plain",
            "",
            "multipart/form-data",
            "multipart/form-data; boundary=other",
            "multipart/mixed; boundary=" + BOUNDARY,
            ";;;",
            "application/x-www-form-urlencoded");
    private static final List<Object> VALUES = Collections.unmodifiableList(Arrays.asList(
            null,
            true,
            false,
            0L,
            1L,
            -1L,
            3L,
            1.5,
            -0.0,
            1e300,
            1e-300,
            Long.MAX_VALUE,
            Long.MIN_VALUE,
            "",
            " ",
            "en",
            "cat",
            "cat ; dog",
            "a\nb",
            "\u0000",
            "\ud83d\ude00",
            "\ud800",
            "<loc0000><seg000><eos><image>",
            "x".repeat(300),
            "y".repeat(20_000),
            List.of(),
            List.of("a", "b"),
            List.of(1L),
            List.of(List.of()),
            Map.of(),
            Map.of("type", "json_object"),
            Map.of("url", "data:,"),
            List.of(Map.of("role", "user", "content", "caption en"))));

    private final Random random;
    private final byte[] picture;

    /** Requests about a picture. */
    FuzzedRequests(long seed, byte[] picture) {
        this.random = new Random(seed);
        this.picture = picture;
    }

    /** The bytes of the next request. */
    byte[] next() {
        String path = oneIn(8) ? any(OTHERS) : oneIn(5) ? "/v1/chat/completions" : any(TYPED);
        String method = oneIn(12) ? any(METHODS) : OTHERS.contains(path) ? "GET" : "POST";
        List<String> headers = new ArrayList<>();
        headers.add("Host: 127.0.0.1");
        headers.add("Connection: close");
        byte[] body = new byte[0];
        if (!method.equals("GET")) {
            boolean form = TYPED.contains(path) && oneIn(2);
            body = form ? form(path) : json(path);
            headers.add("Content-Type: "
                    + (oneIn(20)
                            ? any(TYPES)
                            : form ? "multipart/form-data; boundary=" + BOUNDARY : "application/json"));
            if (oneIn(3)) {
                body = damaged(body);
            }
            frame(headers, body.length);
        }
        more(headers);
        String head = method + " " + path + (oneIn(60) ? "" : oneIn(60) ? " HTTP/9.9" : " HTTP/1.1") + "\r\n"
                + String.join("\r\n", headers) + "\r\n\r\n";
        byte[] start = head.getBytes(StandardCharsets.UTF_8);
        ByteArrayOutputStream request = new ByteArrayOutputStream();
        request.writeBytes(oneIn(40) ? damaged(start) : start);
        request.writeBytes(headers.contains("Transfer-Encoding: chunked") ? chunked(body) : body);
        return request.toByteArray();
    }

    private void frame(List<String> headers, int length) {
        if (oneIn(25)) {
            headers.add("Transfer-Encoding: chunked");
        } else if (oneIn(25)) {
            headers.add("Content-Length: "
                    + any(List.of("0", "1", "-1", "x", "99999999999999999999", String.valueOf(length + 5), "1e3")));
        } else if (!oneIn(50)) {
            headers.add("Content-Length: " + length);
        }
    }

    private void more(List<String> headers) {
        if (oneIn(10)) {
            headers.add("Accept: " + any(List.of("text/event-stream", "*/*", "\u0001", "image/png")));
        }
        if (oneIn(20)) {
            headers.add("Authorization: " + any(List.of("Bearer x", "Bearer", "Basic eDp5", "")));
        }
        if (oneIn(30)) {
            headers.add("Origin: " + any(List.of("http://evil.example", "null", "http://127.0.0.1")));
        }
        if (oneIn(40)) {
            headers.add("Expect: " + any(List.of("100-continue", "200-ok")));
        }
        if (oneIn(40)) {
            headers.add(
                    any(List.of("no colon", ": empty", "X-A: " + "z".repeat(3000), "X-B:\r\n folded", "Host: other")));
        }
        if (oneIn(200)) {
            for (int i = 0; i < MANY_HEADERS; i++) {
                headers.add("X-" + i + ": " + i);
            }
        }
    }

    /** Mostly a good question, with a small answer, of which some members are others. */
    private Map<String, Object> members(String path) {
        Map<String, Object> members = new LinkedHashMap<>();
        if (path.equals("/v1/chat/completions")) {
            members.put("messages", messages());
            members.put("max_tokens", 2L);
            more(
                    members,
                    List.of(
                            "model",
                            "stream",
                            "stream_options",
                            "n",
                            "seed",
                            "stop",
                            "temperature",
                            "top_p",
                            "logprobs",
                            "top_logprobs",
                            "max_completion_tokens",
                            "response_format",
                            "tools",
                            "user",
                            "frequency_penalty"));
            return members;
        }
        if (!oneIn(4)) {
            members.put("max_tokens", 2L);
        }
        switch (path) {
            case "/v1/answer" -> members.put("question", "what?");
            case "/v1/detect", "/v1/segment", "/v1/draw" ->
                members.put("labels", oneIn(2) ? "word" : List.of("word", "blue square"));
            case "/v1/score" -> {
                members.remove("max_tokens");
                members.put(oneIn(2) ? "question" : "prompt", "what?");
                members.put("answers", List.of("yes", "no"));
            }
            default -> {
                // Nothing else is needed.
            }
        }
        more(
                members,
                List.of(
                        "model",
                        "stream",
                        "images",
                        "language",
                        "style",
                        "masks",
                        "task",
                        "min_confidence",
                        "max_iou",
                        "constrained",
                        "timeout_ms",
                        "max_tokens",
                        "seed",
                        "temperature",
                        "top_p",
                        "top_k",
                        "stop",
                        "labels",
                        "answers",
                        "prompt",
                        "question",
                        "no\u0000field"));
        return members;
    }

    private void more(Map<String, Object> members, List<String> names) {
        // Running the model takes longest, and tells the least: of good requests a few are enough.
        if (!oneIn(5)) {
            members.put(any(names), any(VALUES.subList(VALUES.size() / 2, VALUES.size())));
        }
        for (int i = random.nextInt(4); i > 0; i--) {
            members.put(any(names), oneIn(10) ? image() : VALUES.get(random.nextInt(VALUES.size())));
        }
    }

    private List<Object> messages() {
        Map<String, Object> image = new LinkedHashMap<>(Map.of("type", "image_url"));
        image.put("image_url", oneIn(10) ? any(VALUES) : Map.of("url", image()));
        Object text = Map.of("type", "text", "text", "ocr");
        return List.of(Map.of(
                "role", oneIn(10) ? "system" : "user", "content", oneIn(20) ? List.of(text) : List.of(text, image)));
    }

    private String image() {
        byte[] bytes = oneIn(3) ? damaged(picture) : picture;
        String base64 = Base64.getEncoder().encodeToString(bytes);
        return oneIn(2) ? "data:image/png;base64," + base64 : oneIn(20) ? "http://127.0.0.1:1/x.png" : base64;
    }

    private byte[] json(String path) {
        Map<String, Object> members = members(path);
        if (!path.contains("chat") && !oneIn(15)) {
            members.put("image", image());
        }
        return Json.text(members, oneIn(2)).getBytes(StandardCharsets.UTF_8);
    }

    private byte[] form(String path) {
        ByteArrayOutputStream form = new ByteArrayOutputStream();
        members(path).forEach((name, value) -> {
            for (Object each : value instanceof List<?> list ? list : Collections.singletonList(value)) {
                part(form, "name=\"" + name + "\"", String.valueOf(each).getBytes(StandardCharsets.UTF_8));
            }
        });
        if (!oneIn(15)) {
            part(form, "name=\"image\"; filename=\"a.png\"", oneIn(3) ? damaged(picture) : picture);
        }
        form.writeBytes(("--" + BOUNDARY + (oneIn(30) ? "" : "--") + "\r\n").getBytes(StandardCharsets.UTF_8));
        return form.toByteArray();
    }

    private void part(ByteArrayOutputStream form, String disposition, byte[] content) {
        String type = any(List.of("", "Content-Type: image/png\r\n", "Content-Type: text/plain; charset=utf-8\r\n"));
        form.writeBytes(
                ("--" + BOUNDARY + "\r\nContent-Disposition: form-data; " + disposition + "\r\n" + type + "\r\n")
                        .getBytes(StandardCharsets.UTF_8));
        form.writeBytes(content);
        form.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
    }

    private byte[] chunked(byte[] body) {
        ByteArrayOutputStream chunks = new ByteArrayOutputStream();
        int at = 0;
        while (at < body.length) {
            int length = Math.min(1 + random.nextInt(body.length), body.length - at);
            String size = oneIn(20) ? any(List.of("zz", "-1", "ffffffffffffffff", "")) : Integer.toHexString(length);
            chunks.writeBytes((size + "\r\n").getBytes(StandardCharsets.UTF_8));
            chunks.write(body, at, length);
            chunks.writeBytes("\r\n".getBytes(StandardCharsets.UTF_8));
            at += length;
        }
        chunks.writeBytes((oneIn(10) ? "" : "0\r\n\r\n").getBytes(StandardCharsets.UTF_8));
        return chunks.toByteArray();
    }

    /** Some bytes changed, taken out, put in, or cut off. */
    private byte[] damaged(byte[] good) {
        byte[] bytes = good.clone();
        for (int i = 1 + random.nextInt(3); i > 0 && bytes.length > 1; i--) {
            int at = random.nextInt(bytes.length);
            switch (random.nextInt(4)) {
                case 0 -> bytes[at] = (byte) random.nextInt(256);
                case 1 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
                case 2 -> {
                    byte[] shorter = Arrays.copyOf(bytes, bytes.length - 1);
                    System.arraycopy(bytes, at + 1, shorter, at, bytes.length - at - 1);
                    bytes = shorter;
                }
                default -> bytes = oneIn(3) ? Arrays.copyOf(bytes, at) : bytes;
            }
        }
        return bytes;
    }

    private boolean oneIn(int count) {
        return random.nextInt(count) == 0;
    }

    private <T> T any(List<T> values) {
        return values.get(random.nextInt(values.size()));
    }
}
