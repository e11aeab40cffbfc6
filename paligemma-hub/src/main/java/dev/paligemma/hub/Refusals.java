package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** What an answer means that is not the one that was hoped for. */
record Refusals(Endpoint endpoint, @Nullable AccessToken token, Path tokenFile) {
    private static final int MAX_SHOWN = 300;

    /**
     * Does nothing if an answer is good.
     *
     * @param what was asked for, for messages
     * @throws HubException if asking again makes no sense
     * @throws TransientFailure if it does
     */
    void requireSuccess(Reply reply, HubModel model, String what) throws IOException {
        int status = reply.status();
        if (status >= 200 && status < 400) {
            return;
        }
        if (status == 408 || status == 429 || status >= 500) {
            throw new TransientFailure(
                    Kind.UNREACHABLE,
                    (status == 429 ? "too many requests" : "the server is in trouble") + " (HTTP " + status + ")"
                            + said(reply),
                    reply.retryAfter());
        }
        // Only the hub speaks of models; the host it redirects to says 403 when a signature is too old.
        if (!endpoint.isOrigin(reply.uri())) {
            throw new TransientFailure(
                    Kind.BAD_ANSWER,
                    Http.place(reply.uri()) + " answers HTTP " + status + " for " + what,
                    reply.retryAfter());
        }
        throw refusal(reply, model, what);
    }

    private HubException refusal(Reply reply, HubModel model, String what) {
        String code = String.valueOf(reply.header("X-Error-Code"));
        int status = reply.status();
        String page = endpoint.page(model);
        String head = model + ": ";
        String tail = " (HTTP " + status + said(reply) + ")";
        if (code.equals("GatedRepo")) {
            return new HubException(
                    Kind.GATED,
                    head + "access is granted to those who accept the terms on " + page + ". "
                            + (token == null
                                    ? "Accept them there, then give a token: " + howToGiveToken()
                                    : "Accept them there with the account that the token belongs to, or wait until the"
                                            + " owner has granted access")
                            + tail);
        }
        if (code.equals("DisabledRepo")) {
            return new HubException(Kind.NOT_FOUND, head + "the hub has switched this model off" + tail);
        }
        if (code.equals("RevisionNotFound")) {
            return new HubException(
                    Kind.NO_SUCH_REVISION,
                    head + "there is no revision '" + model.revision() + "'; " + page + "/tree/main lists branches"
                            + tail);
        }
        if (code.equals("EntryNotFound")) {
            return new HubException(Kind.NOT_FOUND, head + "the hub does not have " + what + tail);
        }
        if (code.equals("RepoNotFound") || status == 404) {
            return new HubException(
                    Kind.NOT_FOUND,
                    head + endpoint + " has no such model, or it is private and "
                            + (token == null
                                    ? "no token was given: " + howToGiveToken()
                                    : "the token is of somebody without access")
                            + tail);
        }
        if (status == 401 || status == 403) {
            return new HubException(
                    Kind.UNAUTHORIZED,
                    head
                            + (token == null
                                    ? "the hub wants a token: " + howToGiveToken()
                                    : "the hub does not accept the token for " + what
                                            + ": it may be mistyped, expired, or not allowed to read this model")
                            + tail);
        }
        return new HubException(Kind.BAD_ANSWER, head + "unexpected answer for " + what + tail);
    }

    private String howToGiveToken() {
        return "make one on " + endpoint
                + "/settings/tokens and set HF_TOKEN, or run 'hf auth login', which stores it in " + tokenFile;
    }

    private String said(Reply reply) {
        String message = reply.header("X-Error-Message");
        if (message == null || message.isBlank()) {
            return "";
        }
        return ": " + Quote.shown(unicode(message).strip(), MAX_SHOWN);
    }

    /** Java reads headers as ISO 8859-1; most who use other letters than those of ASCII mean UTF-8. */
    private static String unicode(String header) {
        ByteBuffer bytes = ByteBuffer.wrap(header.getBytes(StandardCharsets.ISO_8859_1));
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(bytes).toString();
        } catch (CharacterCodingException e) {
            return header;
        }
    }
}
