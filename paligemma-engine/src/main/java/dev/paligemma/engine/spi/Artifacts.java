package dev.paligemma.engine.spi;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Set;

/** What to add to a project's {@code pom.xml} for an engine of this library. Stateless. */
final class Artifacts {
    /** The engines that are published with this library; the name of the artifact ends with the name of the engine. */
    private static final Set<String> ENGINES = Set.of("onnx", "pytorch", "reference");

    private Artifacts() {}

    /**
     * What would help where an engine is missing: the dependency, in the version of this library; for other engines what
     * there is.
     */
    static String advice(String engine) {
        if (!ENGINES.contains(engine)) {
            return "this library comes with onnx, pytorch and reference";
        }
        return "add <dependency><groupId>dev.paligemma</groupId><artifactId>paligemma-" + engine
                + "</artifactId><version>" + version() + "</version></dependency>";
    }

    /** The version of this library as the build wrote it; a manifest would be another one in a repackaged jar. */
    static String version() {
        try (InputStream in = Artifacts.class.getResourceAsStream("version.txt")) {
            if (in == null) {
                throw new IllegalStateException("the resource version.txt of " + Artifacts.class.getPackageName()
                        + " is missing: the jar was repackaged without it");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new UncheckedIOException("cannot read the resource version.txt", e);
        }
    }
}
