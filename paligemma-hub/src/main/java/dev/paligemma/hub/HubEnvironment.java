package dev.paligemma.hub;

import dev.paligemma.base.internal.Quote;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The settings in environment variables, read as Python's {@code huggingface_hub} reads them.
 *
 * @param variables the environment
 * @param home the user's home folder
 */
record HubEnvironment(Map<String, String> variables, String home) {
    private static final Logger LOG = LoggerFactory.getLogger(HubEnvironment.class);

    private static final String PUBLIC_HUB = "https://huggingface.co";
    private static final List<String> TRUE = List.of("1", "ON", "YES", "TRUE");
    private static final Pattern SECONDS = Pattern.compile("[0-9]{1,9}");
    private static final int MAX_TOKEN_FILE_BYTES = 10_000;

    static HubEnvironment ofThisProcess() {
        return of(System.getenv(), System.getProperties());
    }

    /** As Python does, {@code HOME} comes first: in a container the user may have no other home. */
    static HubEnvironment of(Map<String, String> variables, Properties properties) {
        String given = variables.getOrDefault("HOME", "");
        boolean windows = properties.getProperty("os.name", "").startsWith("Windows");
        String home = windows || given.isBlank() ? properties.getProperty("user.home", "") : given;
        if (home.isBlank() || home.equals("?")) {
            String user = properties.getProperty("user.name", "user").replaceAll("[^A-Za-z0-9._-]", "_");
            home = Path.of(properties.getProperty("java.io.tmpdir", "."), "paligemma-" + user)
                    .toString();
        }
        return new HubEnvironment(variables, home);
    }

    Endpoint endpoint() {
        return new Endpoint(value("HF_ENDPOINT", PUBLIC_HUB));
    }

    /** The folder with the caches of all models. */
    Path cacheFolder() {
        String given = value("HF_HUB_CACHE", value("HUGGINGFACE_HUB_CACHE", ""));
        return given.isEmpty() ? hubHome().resolve("hub") : path(given);
    }

    private Path hubHome() {
        String given = value("HF_HOME", "");
        return given.isEmpty() ? path(value("XDG_CACHE_HOME", "~/.cache")).resolve("huggingface") : path(given);
    }

    /** Where a token is stored by {@code hf auth login}. */
    Path tokenFile() {
        String given = value("HF_TOKEN_PATH", "");
        return given.isEmpty() ? hubHome().resolve("token") : path(given);
    }

    boolean isOffline() {
        return isTrue("HF_HUB_OFFLINE") || isTrue("TRANSFORMERS_OFFLINE");
    }

    boolean avoidsLinks() {
        return isTrue("HF_HUB_DISABLE_SYMLINKS");
    }

    /** How long to wait for what the hub says of a model or a file, ten seconds unless it is set. */
    Duration answerTimeout() {
        return seconds("HF_HUB_ETAG_TIMEOUT", Timing.DEFAULT.answer());
    }

    /** How long to wait for the next bytes of a content. */
    Duration downloadTimeout() {
        return seconds("HF_HUB_DOWNLOAD_TIMEOUT", Timing.DEFAULT.stall());
    }

    /** A whole number of seconds; as in Python, 0 means that none is set. */
    private Duration seconds(String variable, Duration otherwise) {
        String text = value(variable, "0");
        if (!SECONDS.matcher(text).matches()) {
            throw new IllegalArgumentException(
                    variable + " must be a whole number of seconds, got '" + Quote.shown(text, 40) + "'");
        }
        Duration given = Duration.ofSeconds(Long.parseLong(text));
        return given.isZero() ? otherwise : given;
    }

    /** The token of the environment or of the file; null if there is none, or it is not to be sent unasked. */
    @Nullable
    String token() {
        if (isTrue("HF_HUB_DISABLE_IMPLICIT_TOKEN")) {
            return null;
        }
        String given = value("HF_TOKEN", value("HUGGING_FACE_HUB_TOKEN", "")).strip();
        if (given.isEmpty()) {
            given = storedToken();
        }
        if (!given.isEmpty() && !AccessToken.isValid(given)) {
            LOG.warn("the token of HF_TOKEN or {} is not used: it has characters that no token has", tokenFile());
            return null;
        }
        return given.isEmpty() ? null : given;
    }

    private String storedToken() {
        Path file = tokenFile();
        try {
            if (!Files.isRegularFile(file) || Files.size(file) > MAX_TOKEN_FILE_BYTES) {
                return "";
            }
            return new String(Files.readAllBytes(file), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            LOG.warn("the token in {} cannot be read: {}", file, e.toString());
            return "";
        }
    }

    private boolean isTrue(String variable) {
        return TRUE.contains(value(variable, "").toUpperCase(Locale.ROOT));
    }

    private Path path(String text) {
        boolean inHome = text.equals("~") || text.startsWith("~/") || text.startsWith("~\\");
        try {
            return Path.of(inHome ? home + text.substring(1) : text)
                    .toAbsolutePath()
                    .normalize();
        } catch (InvalidPathException e) {
            throw new IllegalArgumentException("not a path: '" + text + "', from HF_HOME or a variable like it", e);
        }
    }

    private String value(String variable, String otherwise) {
        String value = variables.get(variable);
        return value == null || value.isBlank() ? otherwise : value.strip();
    }

    /** Without the variables, one of which is the token. */
    @Override
    public String toString() {
        return "HubEnvironment[" + home + "]";
    }
}
