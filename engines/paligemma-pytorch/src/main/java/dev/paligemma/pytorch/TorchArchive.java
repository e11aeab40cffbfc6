package dev.paligemma.pytorch;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.time.LocalDateTime;
import java.util.List;
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
    private static final int EMPTY_LIST = ']';
    private static final int TUPLE = 't';
    private static final int REDUCE = 'R';
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
        return of(text, List.of());
    }

    /**
     * The archive of a class that has lists of tensors beside the attribute {@code training}. They begin empty.
     *
     * @param lists their names, which the text declares as {@code List[Tensor]}
     */
    static byte[] of(String text, List<String> lists) {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            put(zip, "data.pkl", instance(lists));
            put(zip, "code/__torch__.py", text.getBytes(StandardCharsets.UTF_8));
            put(zip, "constants.pkl", new byte[] {(byte) PROTOCOL, 2, EMPTY_TUPLE, STOP});
            put(zip, "version", FORMAT_VERSION.getBytes(StandardCharsets.UTF_8));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return bytes.toByteArray();
    }

    /** An object of the class whose attribute {@code training} is false and whose lists are empty. */
    private static byte[] instance(List<String> lists) throws IOException {
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        DataOutputStream out = new DataOutputStream(bytes);
        out.write(new byte[] {(byte) PROTOCOL, 2});
        global(out, "__torch__", CLASS_NAME);
        out.write(new byte[] {EMPTY_TUPLE, (byte) NEW_OBJECT, EMPTY_DICTIONARY, MARK});
        unicode(out, "training");
        out.write(FALSE);
        for (String list : lists) {
            unicode(out, list);
            global(out, "torch.jit._pickle", "build_tensorlist");
            out.write(new byte[] {MARK, EMPTY_LIST, TUPLE, REDUCE});
        }
        out.write(new byte[] {SET_ITEMS, BUILD, STOP});
        return bytes.toByteArray();
    }

    private static void global(DataOutputStream out, String module, String name) throws IOException {
        out.write(GLOBAL);
        out.writeBytes(module + "\n" + name + "\n");
    }

    private static void unicode(DataOutputStream out, String text) throws IOException {
        byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
        out.write(UNICODE);
        out.writeInt(Integer.reverseBytes(utf8.length));
        out.write(utf8);
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
