package dev.paligemma.cli.validation;

import dev.paligemma.base.PaliGemmaException;
import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.base.internal.Sha256;
import dev.paligemma.tiny.TinyModel;
import dev.paligemma.vision.RgbImage;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Fetches public pictures once and keeps them in a folder. Confined to one thread.
 *
 * <p>What is fetched is bounded in size and time, and kept only when it is complete. A picture whose checksum is known is
 * compared with it every time.
 */
public final class Pictures {
    private static final int MAX_BYTES = 64 << 20;
    private static final int OK = 200;
    private static final Duration CONNECT = Duration.ofSeconds(10);
    private static final Duration ANSWER = Duration.ofSeconds(60);
    private static final Pattern UNSAFE = Pattern.compile("[^A-Za-z0-9._-]");
    private static final int MAX_NAME_CHARS = 60;
    private static final int HASH_CHARS = 12;

    private final Path cacheFolder;
    private final boolean offline;
    private @Nullable HttpClient client;

    /**
     * Keeps pictures in a folder of the cache.
     *
     * @param cacheFolder the cache folder of this program
     * @param offline whether nobody may be asked for a picture that is not there
     */
    public Pictures(Path cacheFolder, boolean offline) {
        this.cacheFolder = cacheFolder;
        this.offline = offline;
    }

    /**
     * The picture as it is shown to the model.
     *
     * @throws PaliGemmaException if it cannot be had, is no picture, or is not the one that the recipe means
     */
    public RgbImage get(Picture picture) {
        if (picture.address().equals(Picture.BUNDLED)) {
            return picture.shown(RgbImage.read(TinyModel.picture(cacheFolder)));
        }
        byte[] content = content(picture.address());
        Integer cell = picture.notebookCell();
        byte[] encoded = cell == null ? content : outputOf(picture.address(), content, cell);
        String expected = picture.sha256();
        if (expected != null) {
            String got = Sha256.of(encoded);
            if (!expected.equals(got)) {
                throw new PaliGemmaException("the picture of " + picture.address()
                        + " is another one now: expected SHA-256 " + expected + ", got " + got);
            }
        }
        return picture.shown(RgbImage.read(encoded));
    }

    private byte[] content(String address) {
        Path file = fileOf(address);
        try {
            if (!Files.exists(file)) {
                if (offline) {
                    throw new PaliGemmaException(address + " was not fetched before, and nobody may be asked;"
                            + " fetch it elsewhere and put it at " + file);
                }
                keep(fetch(address), file);
            }
            if (Files.size(file) > MAX_BYTES) {
                throw new PaliGemmaException(
                        file + " has " + Files.size(file) + " bytes, expected at most " + MAX_BYTES);
            }
            return Files.readAllBytes(file);
        } catch (IOException e) {
            throw new PaliGemmaException(file + ": " + FailureReason.of(e, file), e);
        }
    }

    /** Two addresses may end alike, so the name begins with a hash of the whole address. */
    private Path fileOf(String address) {
        String last =
                UNSAFE.matcher(address.substring(address.lastIndexOf('/') + 1)).replaceAll("_");
        String name = last.substring(Math.max(0, last.length() - MAX_NAME_CHARS));
        String hash = Sha256.of(address.getBytes(StandardCharsets.UTF_8)).substring(0, HASH_CHARS);
        return cacheFolder.resolve("validation").resolve(hash + "-" + name);
    }

    private static void keep(byte[] content, Path file) throws IOException {
        Files.createDirectories(file.getParent());
        Path beside = Files.createTempFile(file.getParent(), "fetched", ".part");
        try {
            Files.write(beside, content);
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    private byte[] fetch(String address) {
        try {
            // Wikimedia answers only those who say what they are.
            HttpRequest request = HttpRequest.newBuilder(URI.create(address))
                    .timeout(ANSWER)
                    .header("User-Agent", "paligemma-java")
                    .build();
            HttpResponse<InputStream> response = client().send(request, BodyHandlers.ofInputStream());
            try (InputStream body = response.body()) {
                if (response.statusCode() != OK) {
                    throw new PaliGemmaException(address + " answers with status " + response.statusCode());
                }
                byte[] content = body.readNBytes(MAX_BYTES + 1);
                if (content.length > MAX_BYTES) {
                    throw new PaliGemmaException(address + " is larger than " + MAX_BYTES + " bytes");
                }
                return content;
            }
        } catch (IllegalArgumentException e) {
            throw new PaliGemmaException(
                    address + " is no address of a picture; expected one that begins with https://", e);
        } catch (IOException e) {
            String reason = e.getMessage() == null ? "the connection failed" : e.getMessage();
            throw new PaliGemmaException(address + " cannot be fetched: " + reason, e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PaliGemmaException("interrupted while fetching " + address, e);
        }
    }

    private HttpClient client() {
        HttpClient present = client;
        if (present == null) {
            present = HttpClient.newBuilder()
                    .followRedirects(HttpClient.Redirect.NORMAL)
                    .connectTimeout(CONNECT)
                    .build();
            client = present;
        }
        return present;
    }

    /** The first PNG among the outputs of a cell: what a notebook showed there. */
    private static byte[] outputOf(String address, byte[] notebook, int cell) {
        JsonObject whole = Json.readObject(address, notebook, PaliGemmaException::new);
        List<JsonObject> cells = whole.objects("cells");
        if (cell < cells.size()) {
            for (JsonObject output : cells.get(cell).objects("outputs")) {
                JsonObject data = output.objectOrNull("data");
                String png = data == null ? null : data.stringOrNull("image/png");
                if (png != null) {
                    return decode(address, png);
                }
            }
        }
        throw new PaliGemmaException(address + " has no picture in cell " + cell);
    }

    private static byte[] decode(String address, String base64) {
        try {
            return Base64.getMimeDecoder().decode(base64);
        } catch (IllegalArgumentException e) {
            throw new PaliGemmaException(address + ": a picture is not in base64", e);
        }
    }
}
