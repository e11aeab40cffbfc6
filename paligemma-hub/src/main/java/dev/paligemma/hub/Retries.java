package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.hub.HubException.Kind;
import java.io.IOException;
import java.net.ConnectException;
import java.net.ProtocolException;
import java.net.UnknownHostException;
import java.nio.channels.UnresolvedAddressException;
import java.time.Duration;
import java.util.concurrent.ThreadLocalRandom;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLPeerUnverifiedException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Counts the failures of one job and waits between its attempts. Confined to one thread. */
final class Retries {
    private static final Logger LOG = LoggerFactory.getLogger(Retries.class);

    /** A pause from which on somebody may wonder. */
    private static final Duration NOTABLE = Duration.ofSeconds(30);

    private final Timing timing;
    private final int mostInARow;
    private final int mostUnreachable;
    private final String what;
    private int inARow;
    private int all;

    /** Begins to count; what is attempted is for messages: {@code google/x/config.json from https://huggingface.co}. */
    Retries(Timing timing, String what) {
        this(timing, Timing.FAILURES_IN_A_ROW, Timing.FAILURES_IN_A_ROW, what);
    }

    private Retries(Timing timing, int mostInARow, int mostUnreachable, String what) {
        this.timing = timing;
        this.mostInARow = mostInARow;
        this.mostUnreachable = mostUnreachable;
        this.what = what;
    }

    /**
     * Counts the failures of the first request of a call. If nobody is at the address it soon gives up: more often than not
     * there is no network, or the address is wrong. It is patient if there is nothing to fall back to.
     */
    static Retries ofFirstRequest(Timing timing, boolean isPatient, String what) {
        return isPatient
                ? new Retries(timing, Timing.FAILURES_IN_A_ROW, Timing.UNREACHABLE_IN_A_ROW, what)
                : new Retries(timing, 1, 1, what);
    }

    /** One attempt. */
    @FunctionalInterface
    interface Attempt<T> {
        T run() throws IOException, InterruptedException;
    }

    /** Attempts until it works, or cannot be hoped to. */
    <T> T until(Attempt<T> attempt) throws InterruptedException {
        while (true) {
            try {
                return attempt.run();
            } catch (IOException e) {
                failed(e, false);
            }
        }
    }

    /**
     * Waits before another attempt.
     *
     * @param progressed whether the attempt brought something
     * @throws HubException if there was one attempt too many
     */
    void failed(IOException failure, boolean progressed) throws InterruptedException {
        if (Thread.currentThread().isInterrupted()) {
            throw new InterruptedException("interrupted while downloading");
        }
        all++;
        inARow = progressed ? 1 : inARow + 1;
        // Whoever does not speak HTTP will not learn it.
        boolean foreign = failure instanceof ProtocolException;
        boolean hopeless =
                foreign || failure instanceof SSLHandshakeException || failure instanceof SSLPeerUnverifiedException;
        if (hopeless
                || inARow >= (failure instanceof ConnectException ? mostUnreachable : mostInARow)
                || all >= Timing.FAILURES) {
            Kind kind = failure instanceof TransientFailure known
                    ? known.kind()
                    : foreign ? Kind.BAD_ANSWER : Kind.UNREACHABLE;
            throw new HubException(kind, what + ": " + describe(failure) + times() + advice(kind), failure);
        }
        Duration wait = wait(failure instanceof TransientFailure known ? known.retryAfter() : null);
        if (wait.compareTo(NOTABLE) < 0) {
            LOG.debug("{}: {}; trying again in {} ms", what, describe(failure), wait.toMillis());
        } else {
            LOG.warn("{}: {}; trying again in {} s", what, describe(failure), wait.toSeconds());
        }
        Thread.sleep(wait.toMillis());
    }

    private String times() {
        return all == 1 ? "" : ", given up after " + all + " attempts";
    }

    private static String advice(Kind kind) {
        return switch (kind) {
            case UNREACHABLE ->
                ". Check the network, the proxy (-Dhttps.proxyHost) and HF_ENDPOINT; what has arrived is kept,"
                        + " and the next call goes on from there";
            case BAD_ANSWER -> ". Check HF_ENDPOINT and the proxy (-Dhttps.proxyHost)";
            case CORRUPT -> ". Something between here and the hub changes what it sends";
            default -> "";
        };
    }

    private Duration wait(@Nullable Duration asked) {
        if (asked != null) {
            return asked.compareTo(Timing.LONGEST_RETRY_AFTER) > 0 ? Timing.LONGEST_RETRY_AFTER : asked;
        }
        long most = timing.longestBackoff().toMillis();
        long millis = Math.min(most, timing.backoff().toMillis() << Math.min(inARow - 1, 20));
        // Programs that were refused together should not come back together.
        return Duration.ofMillis(millis / 2 + ThreadLocalRandom.current().nextLong(millis / 2 + 1));
    }

    private static String describe(IOException failure) {
        String message = failure.getMessage();
        if (failure instanceof SSLHandshakeException || failure instanceof SSLPeerUnverifiedException) {
            return "this Java does not trust the server's certificate (" + Quote.shown(message + "", 300)
                    + "); give that of your proxy or mirror with -Djavax.net.ssl.trustStore";
        }
        if (failure instanceof ConnectException) {
            for (Throwable cause = failure; cause != null; cause = cause.getCause()) {
                if (cause instanceof UnresolvedAddressException || cause instanceof UnknownHostException) {
                    return "the host is not known";
                }
            }
            return "nobody answers there (connection refused)";
        }
        if (failure instanceof ProtocolException) {
            return "the answer is not HTTP as it should be: " + Quote.shown(message + "", 300);
        }
        if (message != null && message.endsWith("received no bytes")) {
            return "the connection was closed without an answer";
        }
        if (failure instanceof TransientFailure && message != null) {
            return message;
        }
        String name = failure.getClass().getSimpleName();
        return message == null ? name : name + ": " + Quote.shown(message, 300);
    }
}
