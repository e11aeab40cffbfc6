package dev.paligemma.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.Charset;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The arguments as they were typed.
 *
 * <p>The JVM decodes its arguments in the locale's charset. Where no locale is set, as in many containers, that is
 * ASCII and every other letter of a prompt silently becomes a question mark. Linux keeps the bytes, so they are read
 * again as UTF-8.
 */
final class Arguments {
    private static final Path TYPED_BYTES = Path.of("/proc/self/cmdline");

    private Arguments() {}

    /** Repairs arguments that the JVM decoded as ASCII; gives the same where nothing was lost or the bytes cannot be had. */
    static String[] asTyped(String[] args) {
        String charset = System.getProperty("sun.jnu.encoding", "UTF-8");
        boolean isAscii =
                Charset.isSupported(charset) && Charset.forName(charset).equals(StandardCharsets.US_ASCII);
        if (!isAscii || !Files.isReadable(TYPED_BYTES)) {
            return args;
        }
        try {
            return decode(Files.readAllBytes(TYPED_BYTES), args);
        } catch (IOException e) {
            return args; // the arguments as the JVM sees them are the best there is
        }
    }

    /**
     * The last arguments of a command line of a process, read as UTF-8.
     *
     * @param commandLine all arguments of the process, each followed by a zero byte
     * @return as many arguments as {@code args}; {@code args} itself if the bytes are not UTF-8 or do not belong to it
     */
    static String[] decode(byte[] commandLine, String[] args) {
        List<String> all = new ArrayList<>();
        try {
            for (int start = 0, end; start < commandLine.length; start = end + 1) {
                end = start;
                while (end < commandLine.length && commandLine[end] != 0) {
                    end++;
                }
                ByteBuffer bytes = ByteBuffer.wrap(commandLine, start, end - start);
                all.add(StandardCharsets.UTF_8.newDecoder().decode(bytes).toString());
            }
        } catch (CharacterCodingException e) {
            return args;
        }
        if (all.size() < args.length) {
            return args;
        }
        String[] typed = all.subList(all.size() - args.length, all.size()).toArray(new String[0]);
        for (int i = 0; i < args.length; i++) {
            boolean ascii = typed[i].chars().allMatch(c -> c < 0x80);
            if (ascii && !typed[i].equals(args[i])) {
                return args; // other arguments, for example because a launcher added some at the end
            }
        }
        return typed;
    }
}
