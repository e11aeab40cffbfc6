package dev.paligemma.onnx.internal;

import ai.onnxruntime.OrtEnvironment;
import dev.paligemma.base.internal.CacheFolder;
import dev.paligemma.base.internal.FailureReason;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.JarURLConnection;
import java.net.URL;
import java.net.URLConnection;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Unpacks ONNX Runtime's native libraries once, into the cache folder, and has ONNX Runtime load them from there. Stateless.
 *
 * <p>By itself ONNX Runtime unpacks 24 MB into a new temporary folder in every process, and leaves them there when the process
 * is killed. Who sets {@code onnxruntime.native.path} chooses the libraries, and nothing is unpacked.
 */
public final class NativeLibraries {
    /** ONNX Runtime reads this system property when it loads its libraries. */
    static final String PATH = "onnxruntime.native.path";

    private static final Logger LOG = LoggerFactory.getLogger(NativeLibraries.class);
    private static final String RESOURCES = "/ai/onnxruntime/native/";

    private NativeLibraries() {}

    /**
     * Prepares the libraries of this system. If that fails nothing is lost: ONNX Runtime then unpacks them as it does by
     * itself.
     */
    public static synchronized void prepare() {
        if (System.getProperty(PATH) != null) {
            return;
        }
        Path cache = CacheFolder.ofThisProcess();
        try {
            Path folder = unpack(platform(System.getProperty("os.name", ""), System.getProperty("os.arch", "")), cache);
            if (folder != null) {
                System.setProperty(PATH, folder.toString());
            }
        } catch (IOException e) {
            LOG.info(
                    "cannot keep ONNX Runtime's native library in {} ({}); it is unpacked into the temporary folder for this"
                            + " process",
                    cache,
                    FailureReason.of(e, cache));
        }
    }

    /** The name of a system's folder in ONNX Runtime's archive; a system that it does not know has none. */
    static String platform(String osName, String osArch) {
        String os = osName.toLowerCase(Locale.ROOT);
        String system = os.startsWith("windows") ? "win" : os.startsWith("mac") ? "osx" : os;
        return system + "-" + (osArch.equals("amd64") || osArch.equals("x86_64") ? "x64" : osArch);
    }

    /**
     * Writes the libraries of a platform into a folder of the cache, unless it has them.
     *
     * @return the folder; null if ONNX Runtime has no libraries for the platform
     */
    static @Nullable Path unpack(String platform, Path cache) throws IOException {
        Map<String, URL> libraries = new LinkedHashMap<>();
        for (String name : new String[] {"onnxruntime", "onnxruntime4j_jni"}) {
            String file = fileName(platform, name);
            // The name of the folder has a reserved word of Java in it, so no module hides it.
            URL library = OrtEnvironment.class.getResource(RESOURCES + platform + "/" + file);
            if (library == null) {
                return null;
            }
            libraries.put(file, library);
        }
        StringBuilder name = new StringBuilder("onnxruntime-").append(platform);
        Map<String, Content> contents = new LinkedHashMap<>();
        for (Map.Entry<String, URL> library : libraries.entrySet()) {
            Content content = Content.of(library.getValue());
            contents.put(library.getKey(), content);
            name.append('-').append(Long.toHexString(content.crc));
        }
        Path folder = cache.resolve(name.toString());
        for (Map.Entry<String, URL> library : libraries.entrySet()) {
            Path file = folder.resolve(library.getKey());
            if (!Objects.requireNonNull(contents.get(library.getKey())).isIn(file)) {
                write(library.getValue(), file);
            }
        }
        return folder;
    }

    private static String fileName(String platform, String name) {
        return platform.startsWith("win")
                ? name + ".dll"
                : "lib" + name + (platform.startsWith("osx") ? ".dylib" : ".so");
    }

    /** Written beside its place and renamed, so that no other process loads half of it. */
    private static void write(URL library, Path file) throws IOException {
        Path folder = file.getParent();
        Files.createDirectories(folder);
        Path beside = Files.createTempFile(folder, "unpacking", ".part");
        try {
            try (InputStream in = library.openStream()) {
                Files.copy(in, beside, StandardCopyOption.REPLACE_EXISTING);
            }
            Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        } finally {
            Files.deleteIfExists(beside);
        }
    }

    /** What a file must hold: an archive knows both figures without unpacking anything. */
    private record Content(long size, long crc) {
        static Content of(URL library) throws IOException {
            URLConnection connection = library.openConnection();
            if (connection instanceof JarURLConnection jar) {
                jar.setUseCaches(false);
                try (var archive = jar.getJarFile()) {
                    var entry = archive.getEntry(jar.getEntryName());
                    if (entry != null && entry.getSize() >= 0 && entry.getCrc() >= 0) {
                        return new Content(entry.getSize(), entry.getCrc());
                    }
                }
            }
            try (InputStream in = library.openStream()) {
                return read(in);
            }
        }

        boolean isIn(Path file) throws IOException {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS) || Files.size(file) != size) {
                return false;
            }
            try (InputStream in = Files.newInputStream(file)) {
                return read(in).equals(this);
            }
        }

        private static Content read(InputStream in) throws IOException {
            CheckedInputStream checked = new CheckedInputStream(in, new CRC32());
            long size = checked.transferTo(OutputStream.nullOutputStream());
            return new Content(size, checked.getChecksum().getValue());
        }
    }
}
