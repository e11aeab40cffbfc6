package dev.paligemma.examples;

import static org.assertj.core.api.Assertions.assertThat;

import dev.paligemma.tiny.TinyModel;
import java.io.File;
import java.lang.module.FindException;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The library as Java modules: an application with a module descriptor, compiled and run on the module path. */
class ModulePathTest {
    private static final Set<String> FOREIGN =
            Set.of("com.microsoft.onnxruntime", "com.fasterxml.jackson.core", "org.slf4j", "org.jspecify");

    /** They need Deep Java Library, whose native archive has a name that no module can have, or frameworks that are no modules. */
    private static final Set<String> LEFT_OUT = Set.of(
            "dev.paligemma.pytorch",
            "dev.paligemma.djl",
            "dev.paligemma.langchain4j",
            "dev.paligemma.micrometer",
            "dev.paligemma.spark",
            "dev.paligemma.springai",
            "dev.paligemma.springboot");

    @TempDir
    Path folder;

    @Test
    void anApplicationWithAModuleDescriptorCaptionsAPicture() throws Exception {
        Path source = Files.createDirectories(folder.resolve("source/app"));
        Files.writeString(
                folder.resolve("source/module-info.java"),
                "module app { requires dev.paligemma; requires dev.paligemma.tiny; }");
        Files.writeString(source.resolve("Main.java"), """
                package app;

                import dev.paligemma.PaliGemmaPipeline;
                import dev.paligemma.tiny.TinyModel;

                public class Main {
                    public static void main(String[] args) {
                        try (PaliGemmaPipeline model = PaliGemmaPipeline.load(TinyModel.folder())) {
                            System.out.println(model.caption(TinyModel.picture()) + " by " + model.getClass().getModule());
                        }
                    }
                }
                """);
        String modules = modulePath();
        Path classes = folder.resolve("classes");
        int failures = ToolProvider.getSystemJavaCompiler()
                .run(
                        null,
                        null,
                        null,
                        "--module-path",
                        modules,
                        "-d",
                        classes.toString(),
                        folder.resolve("source/module-info.java").toString(),
                        source.resolve("Main.java").toString());
        assertThat(failures).isZero();

        Process java = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "--module-path",
                        modules + File.pathSeparator + classes,
                        "--module",
                        "app/app.Main")
                .redirectErrorStream(true)
                .start();
        String printed = new String(java.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

        assertThat(java.waitFor(1, TimeUnit.MINUTES)).isTrue();
        assertThat(printed.lines()).contains(TinyModel.CAPTION + " by module dev.paligemma");
        assertThat(java.exitValue()).as(printed).isZero();
    }

    /** Every entry of the class path of this test that is one of our modules, or that one of them needs. */
    private static String modulePath() {
        List<String> entries = new ArrayList<>();
        for (String entry : System.getProperty("java.class.path").split(File.pathSeparator)) {
            if (isModule(Path.of(entry))) {
                entries.add(entry);
            }
        }
        return String.join(File.pathSeparator, entries);
    }

    private static boolean isModule(Path entry) {
        boolean described = Files.exists(entry.resolve("module-info.class"));
        if (!described && !entry.toString().endsWith(".jar")) {
            return false;
        }
        try {
            return ModuleFinder.of(entry).findAll().stream()
                    .map(ModuleReference::descriptor)
                    // An archive of tests has a name of its own making and no descriptor.
                    .anyMatch(module -> FOREIGN.contains(module.name())
                            || (module.name().startsWith("dev.paligemma")
                                    && !module.isAutomatic()
                                    && !LEFT_OUT.contains(module.name())));
        } catch (FindException e) {
            return false; // the archive of PyTorch's library has a name that no module can have
        }
    }
}
