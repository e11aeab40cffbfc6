package dev.paligemma.server.internal.http;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.Json;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A request that gets an error for an answer, in the form that OpenAI's clients read. */
public final class HttpFailure extends PaliGemmaException {
    private static final long serialVersionUID = 1L;

    private static final String INVALID = "invalid_request_error";

    private final int status;
    private final String type;
    private final @Nullable String param;
    private final @Nullable String code;
    private final transient Map<String, String> headers;

    private HttpFailure(
            int status,
            String type,
            String message,
            @Nullable String param,
            @Nullable String code,
            Map<String, String> headers,
            @Nullable Throwable cause) {
        super(message, cause);
        this.status = status;
        this.type = type;
        this.param = param;
        this.code = code;
        this.headers = Map.copyOf(headers);
    }

    /** A request that cannot be answered; {@code param} is the member of the body that is to blame, or null. */
    public static HttpFailure badRequest(@Nullable String param, String message) {
        return invalid(400, param, null, message);
    }

    /** The client is to blame. */
    public static HttpFailure invalid(int status, @Nullable String param, @Nullable String code, String message) {
        return new HttpFailure(status, INVALID, message, param, code, Map.of(), null);
    }

    /** The server is to blame, or was told to stop. */
    public static HttpFailure server(int status, String code, String message) {
        return new HttpFailure(status, "server_error", message, null, code, Map.of(), null);
    }

    /** More is asked for than the server can do now. */
    public static HttpFailure busy(String message, int retryAfterSeconds) {
        return new HttpFailure(429, "rate_limit_error", message, null, "queue_full", Map.of(), null)
                .retryAfter(retryAfterSeconds);
    }

    /** The same with the time after which to try again. */
    public HttpFailure retryAfter(int seconds) {
        return with("Retry-After", String.valueOf(seconds));
    }

    /** The same with a header. */
    public HttpFailure with(String header, String value) {
        Map<String, String> more = new LinkedHashMap<>(headers);
        more.put(header, value);
        return new HttpFailure(status, type, String.valueOf(getMessage()), param, code, more, getCause());
    }

    /** The same about a member of the body, unless it is about one already. */
    public HttpFailure about(String newParam) {
        return param != null
                ? this
                : new HttpFailure(status, type, String.valueOf(getMessage()), newParam, code, headers, getCause());
    }

    /** The status of the answer. */
    public int status() {
        return status;
    }

    /** The member of the body that is to blame; null if none is. */
    public @Nullable String param() {
        return param;
    }

    /** Which error it is, for programs; null if the status says it all. */
    public @Nullable String code() {
        return code;
    }

    /** Headers of the answer. */
    public Map<String, String> headers() {
        return headers;
    }

    /** The body of the answer. */
    public String json() {
        Map<String, @Nullable Object> error = new LinkedHashMap<>();
        error.put("message", getMessage());
        error.put("type", type);
        error.put("param", param);
        error.put("code", code);
        return Json.text(Map.of("error", error), false);
    }
}
