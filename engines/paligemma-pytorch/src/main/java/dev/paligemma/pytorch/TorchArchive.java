package dev.paligemma.pytorch;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes the archive that {@code torch.jit.load} reads: the text of one class without parameters, and the pickle of an
 * instance of it. The same text gives the same bytes.
 */
final class TorchArchive {
    /** The name of the class in the text. */
    static final String CLASS_NAME = "Network";

    private static final String FOLDER = "network/";
    /** Not the first day that the format knows: for that one Java adds a field that depends on the time zone. */
    private static final LocalDateTime FIXED_TIME = LocalDateTime.of(1980, 2, 1, 0, 0);

    /** The oldest version of the format that has all operators used here. */
    private static final String FORMAT_VERSION = "10\n";

    // Opcodes of the pickle protocol 2.
    private static final int PROTOCOL = 0x80;
    private static final int GLOBAL = 'c';
    private static final int EMPTY_TUPLE = ')';
    private static final int NEW_OBJECT = 0x81;
    private static final int EMPTY_DICTIONARY = '}';
    private static final int MARK = '(';
    private static final int UNICODE = 'X';
    private static final int FALSE = 0x89;
    private static final int SET_ITEMS = 'u';
    private static final int BUILD = 'b';
    private static final int STOP = '.';

    private TorchArchive() {}

    /**
     * The archive of a class.
     *
     * @param text the definition of the class named {@link #CLASS_NAME}, with one attribute {@code training : bool}
     */
    static byte[] of(String text) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "data.pkl", instance());
            put(zip, "code/__torch__.py", text.getBytes(StandardCharsets.UTF_8));
            put(zip, "constants.pkl", new byte[] {(byte) PROTOCOL, 2, EMPTY_TUPLE, STOP});
            put(zip, "version", FORMAT_VERSION.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** An object of the class whose attribute {@code training} is false. */
    private static byte[] instance() throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(new byte[] {(byte) PROTOCOL, 2});
        out.write(GLOBAL);
        out.writeBytes("__torch__\n" + CLASS_NAME + "\n");
        out.write(new byte[] {EMPTY_TUPLE, (byte) NEW_OBJECT, EMPTY_DICTIONARY, MARK});
        byte[] key = "training".getBytes(StandardCharsets.UTF_8);
        out.write(UNICODE);
        out.writeInt(Integer.reverseBytes(key.length));
        out.write(key);
        out.write(new byte[] {(byte) FALSE, SET_ITEMS, BUILD, STOP});
        return bytes.toByteArray();
    }

    /** Stored, as torch itself writes; then size and checksum come first. */
    private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
        CRC32 checksum = new CRC32();
        checksum.update(content);
        ZipEntry entry = new ZipEntry(FOLDER + name);
        entry.setMethod(ZipEntry.STORED);
        entry.setSize(content.length);
        entry.setCompressedSize(content.length);
        entry.setCrc(checksum.getValue());
        entry.setTimeLocal(FIXED_TIME);
        zip.putNextEntry(entry);
        zip.write(content);
        zip.closeEntry();
    }
}
