package dev.paligemma.retrieval;

import dev.paligemma.base.internal.FailureReason;
import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.DigestInputStream;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The file of a {@link PageIndex}: the eight bytes {@code PGPAGES1}, the length of a description (int32, little-endian), the
 * description (JSON), the rows of the probe and of each page (for each row a float32 factor and a byte for each number), and the
 * SHA-256 of all that.
 *
 * @param path where it is or will be
 */
record PageIndexFile(Path path) {
    private static final byte[] MAGIC = "PGPAGES1".getBytes(StandardCharsets.US_ASCII);
    private static final int MAX_DESCRIPTION = 1 << 26;
    private static final int MAX_ROWS = 1 << 16;
    private static final int MAX_WIDTH = 1 << 12;
    private static final int MAX_PAGES = 1 << 20;
    private static final String AGAIN = "; make the index again";

    PageIndex read() {
        Path real = InputFiles.regular(path, PageIndexException::new);
        long size = InputFiles.size(real, PageIndexException::new);
        MessageDigest digest = sha256();
        try (InputStream file = new BufferedInputStream(Files.newInputStream(real));
                DataInputStream in = new DataInputStream(new DigestInputStream(file, digest))) {
            if (size < MAGIC.length || !Arrays.equals(in.readNBytes(MAGIC.length), MAGIC)) {
                throw new PageIndexException(path + " is no index of pages, or of another version: expected it to start"
                        + " with " + new String(MAGIC, StandardCharsets.US_ASCII) + AGAIN);
            }
            int length = Integer.reverseBytes(in.readInt());
            if (length < 2 || length > Math.min(MAX_DESCRIPTION, size)) {
                throw damaged("its description has " + length + " bytes");
            }
            JsonObject described = Json.readObject(path.toString(), in.readNBytes(length), PageIndexException::new);
            int width = described.integer("width", 0, 1, MAX_WIDTH);
            int probeRows = described.integer("probe", 0, 1, MAX_ROWS);
            List<JsonObject> pages = described.objects("pages");
            requireSize(size, length, width, probeRows, pages);
            CodedRows probe = rows(in, probeRows, width);
            List<PageIndex.Entry> entries = new ArrayList<>();
            for (JsonObject page : pages) {
                String source = text(page, "source");
                int number = page.integer("page", 0, 0, Integer.MAX_VALUE);
                entries.add(new PageIndex.Entry(source, number, rows(in, count(page), width)));
            }
            byte[] computed = digest.digest();
            if (!Arrays.equals(computed, in.readNBytes(computed.length))) {
                throw damaged("its checksum differs");
            }
            return new PageIndex(text(described, "model"), layout(described), probe, entries);
        } catch (IOException e) {
            throw new PageIndexException("cannot read " + path + ": " + FailureReason.of(e, path), e);
        } catch (IllegalArgumentException e) {
            throw new PageIndexException(path + " is damaged: " + e.getMessage() + AGAIN, e);
        }
    }

    private void requireSize(long size, int length, int width, int probeRows, List<JsonObject> pages) {
        if (pages.size() > MAX_PAGES) {
            throw damaged("it has " + pages.size() + " pages, at most " + MAX_PAGES + " are read");
        }
        long rows = probeRows;
        for (JsonObject page : pages) {
            rows += count(page);
        }
        long expected = MAGIC.length
                + (long) Integer.BYTES
                + length
                + CodedRows.bytes(rows, width)
                + sha256().getDigestLength();
        if (size != expected) {
            throw damaged("it has " + size + " bytes, its description asks for " + expected);
        }
    }

    private static int count(JsonObject page) {
        return page.integer("rows", 0, 1, MAX_ROWS);
    }

    private static CodedRows rows(DataInputStream in, int rows, int width) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(CodedRows.bytes(rows, width))];
        in.readFully(bytes);
        return CodedRows.read(littleEndian(bytes), rows, width);
    }

    private static String text(JsonObject json, String name) {
        String text = json.stringOrNull(name);
        if (text == null) {
            throw json.wrong(name, "a text");
        }
        PageIndex.requirePlace(text, 0);
        return text;
    }

    private static PromptLayout layout(JsonObject json) {
        return PromptLayout.valueOf(text(json, "layout").toUpperCase(Locale.ROOT));
    }

    private PageIndexException damaged(String what) {
        return new PageIndexException(path + " is damaged: " + what + AGAIN);
    }

    void write(PageIndex index) {
        Path folder = Objects.requireNonNull(path.toAbsolutePath().getParent());
        Path temporary = null;
        try {
            Files.createDirectories(folder);
            temporary = folder.resolve("." + path.getFileName() + "." + UUID.randomUUID() + ".tmp");
            MessageDigest digest = sha256();
            try (OutputStream file =
                    new BufferedOutputStream(Files.newOutputStream(temporary, StandardOpenOption.CREATE_NEW))) {
                DigestOutputStream out = new DigestOutputStream(file, digest);
                byte[] description = describe(index).getBytes(StandardCharsets.UTF_8);
                if (description.length > MAX_DESCRIPTION || index.size() > MAX_PAGES) {
                    throw new PageIndexException(index + " is too large for one file: at most " + MAX_PAGES
                            + " pages, and names of " + MAX_DESCRIPTION + " bytes");
                }
                out.write(MAGIC);
                byte[] length = new byte[Integer.BYTES];
                littleEndian(length).putInt(description.length);
                out.write(length);
                out.write(description);
                write(index.probe(), out);
                for (PageIndex.Entry entry : index.entries()) {
                    write(entry.rows(), out);
                }
                file.write(digest.digest());
            }
            Files.move(temporary, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new PageIndexException("cannot write " + path + ": " + FailureReason.of(e, path), e);
        } finally {
            delete(temporary);
        }
    }

    private static void delete(@Nullable Path temporary) {
        try {
            if (temporary != null) {
                Files.deleteIfExists(temporary);
            }
        } catch (IOException e) {
            // What could not be written is told; that a part of it stays behind as well is no second failure.
        }
    }

    private static String describe(PageIndex index) {
        Map<String, Object> described = new LinkedHashMap<>();
        described.put("model", index.model());
        described.put("layout", index.layout().name().toLowerCase(Locale.ROOT));
        described.put("width", index.probe().width());
        described.put("probe", index.probe().count());
        List<Map<String, Object>> pages = new ArrayList<>();
        for (PageIndex.Entry entry : index.entries()) {
            Map<String, Object> page = new LinkedHashMap<>();
            page.put("source", entry.source());
            page.put("page", entry.number());
            page.put("rows", entry.rows().count());
            pages.add(page);
        }
        described.put("pages", pages);
        return Json.text(described, false);
    }

    private static void write(CodedRows rows, OutputStream out) throws IOException {
        byte[] bytes = new byte[Math.toIntExact(CodedRows.bytes(rows.count(), rows.width()))];
        rows.write(littleEndian(bytes));
        out.write(bytes);
    }

    private static ByteBuffer littleEndian(byte[] bytes) {
        return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java has SHA-256", e);
        }
    }
}
