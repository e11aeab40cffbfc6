package dev.paligemma.tiny;

import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;

/** Another JVM that extracts files into a cache folder, for tests of races and sudden deaths. */
final class ExtractingProcess {
    /** Large enough to be caught in the middle of being written. */
    static final Map<String, byte[]> FILES = files();

    private ExtractingProcess() {}

    /**
     * Extracts and ends.
     *
     * @param args the cache folder
     */
    public static void main(String[] args) {
        new TinyModel(Path.of(args[0]), FILES).extract();
    }

    static Process start(Path cache) throws IOException {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        return new ProcessBuilder(
                        java,
                        "-cp",
                        System.getProperty("java.class.path"),
                        ExtractingProcess.class.getName(),
                        cache.toString())
                .inheritIO()
                .start();
    }

    private static Map<String, byte[]> files() {
        Map<String, byte[]> files = new LinkedHashMap<>();
        Random random = new Random(7);
        for (String name : new String[] {"a", "b", "c"}) {
            byte[] content = new byte[2 << 20];
            random.nextBytes(content);
            files.put(name, content);
        }
        return files;
    }
}
