package dev.paligemma.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** The arrows between modules and packages. It stands in the one module that sees all the others. */
@AnalyzeClasses(
        packages = "dev.paligemma",
        importOptions = {DoNotIncludeTests.class, ArchitectureTest.DoNotIncludeTestArchives.class})
class ArchitectureTest {
    /** Modules share what their tests need in archives of their own. */
    static final class DoNotIncludeTestArchives implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    private static final String[] TOKENIZER = {"dev.paligemma.tokenizer.."};
    private static final String[] HUB = {"dev.paligemma.hub.."};
    private static final String[] ENGINE = {"dev.paligemma.engine.."};
    private static final String[] VISION = {"dev.paligemma.vision.."};
    private static final String[] ONNX = {"dev.paligemma.onnx.."};
    private static final String[] PYTORCH = {"dev.paligemma.pytorch.."};
    private static final String[] TOKEN = {"dev.paligemma.constraint.."};
    private static final String[] PROMPT = {"dev.paligemma.prompt.."};
    private static final String[] DETECTION = {"dev.paligemma.detection.."};
    private static final String[] MODEL = {"dev.paligemma", "dev.paligemma.network.."};
    private static final String[] CORE = {
        "dev.paligemma",
        "dev.paligemma.network..",
        "dev.paligemma.constraint..",
        "dev.paligemma.prompt..",
        "dev.paligemma.detection.."
    };
    private static final String[] DJL = {"dev.paligemma.djl.."};
    private static final String[] TINY = {"dev.paligemma.tiny.."};
    private static final String[] CLI = {"dev.paligemma.cli.."};
    private static final String[] EXAMPLES = {"dev.paligemma.examples.."};

    @ArchTest
    static final ArchRule tokenizerStandsAlone =
            arrow(TOKENIZER, HUB, ENGINE, VISION, ONNX, PYTORCH, CORE, DJL, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule hubStandsAlone =
            arrow(HUB, TOKENIZER, ENGINE, VISION, ONNX, PYTORCH, CORE, DJL, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule engineStandsAlone =
            arrow(ENGINE, HUB, TOKENIZER, VISION, ONNX, PYTORCH, CORE, DJL, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule tinyKnowsOnlyTheEngine =
            arrow(TINY, HUB, TOKENIZER, VISION, ONNX, PYTORCH, CORE, DJL, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule visionKnowsOnlyTheEngine =
            arrow(VISION, HUB, TOKENIZER, ONNX, PYTORCH, CORE, DJL, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule onnxKnowsOnlyTheEngine =
            arrow(ONNX, HUB, TOKENIZER, VISION, PYTORCH, CORE, DJL, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule pytorchKnowsOnlyTheEngine =
            arrow(PYTORCH, HUB, TOKENIZER, VISION, ONNX, CORE, DJL, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule coreFindsItsEngineAtRunTime = arrow(CORE, ONNX, PYTORCH, DJL, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule djlKnowsNoEngine = arrow(DJL, ONNX, PYTORCH, TINY, CLI, EXAMPLES);

    @ArchTest
    static final ArchRule commandLineKnowsNoEngine = arrow(CLI, ONNX, PYTORCH, DJL, EXAMPLES);

    @ArchTest
    static final ArchRule examplesAreNoCommands = arrow(EXAMPLES, ONNX, PYTORCH, CLI);

    @ArchTest
    static final ArchRule classesOfTheCommandLineHaveNoCycles =
            slices().assignedFrom(onePerClass()).should().beFreeOfCycles();

    @ArchTest
    static final ArchRule tokensKnowOnlyTheTokenizer = arrow(TOKEN, HUB, ENGINE, VISION, PROMPT, DETECTION, MODEL);

    @ArchTest
    static final ArchRule promptsKnowOnlyTheTokenizer = arrow(PROMPT, HUB, ENGINE, VISION, TOKEN, DETECTION, MODEL);

    @ArchTest
    static final ArchRule boxesNeedNoModel = arrow(DETECTION, HUB, ENGINE, PROMPT, MODEL);

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().assignedFrom(onePerPackage()).should().beFreeOfCycles().allowEmptyShould(true);

    @ArchTest
    static final ArchRule librariesAreSilent = noClasses()
            .that()
            .resideOutsideOfPackages("dev.paligemma.examples..", "dev.paligemma.cli..")
            .should(ACCESS_STANDARD_STREAMS)
            .because("a library logs through SLF4J or not at all")
            .allowEmptyShould(true);

    @ArchTest
    static final ArchRule javaUtilLoggingIsNotUsed = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.util.logging..")
            .because("SLF4J lets the application choose")
            .allowEmptyShould(true);

    @ArchTest
    static void everyPackageComesFromOneModule(JavaClasses classes) {
        Map<String, Set<String>> modulesOfPackage = new TreeMap<>();
        for (JavaClass each : classes) {
            modulesOfPackage
                    .computeIfAbsent(each.getPackageName(), name -> new TreeSet<>())
                    .add(locationOf(each));
        }

        assertThat(modulesOfPackage)
                .allSatisfy((name, modules) -> assertThat(modules)
                        .as("modules with classes of package %s", name)
                        .hasSize(1));
    }

    @ArchTest
    static void everyPackageBelongsToAModuleNamedHere(JavaClasses classes) {
        assertThat(classes)
                .allSatisfy(
                        each -> assertThat(each.getPackageName())
                                .as("package of %s: add new modules to the arrows above", each.getName())
                                .matches(
                                        "dev\\.paligemma(\\.(tokenizer|hub|engine|vision|onnx|pytorch|gemma|token|prompt|detection|djl|tiny|cli|examples)(\\..+)?)?"));
    }

    private static ArchRule arrow(String[] from, String[]... forbidden) {
        String[] targets = Arrays.stream(forbidden).flatMap(Arrays::stream).toArray(String[]::new);
        return noClasses()
                .that()
                .resideInAnyPackage(from)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage(targets)
                .allowEmptyShould(true);
    }

    /** The jar or class folder that the class was read from. */
    private static String locationOf(JavaClass type) {
        String uri = type.getSource().orElseThrow().getUri().toString();
        String file = type.getName().replace('.', '/') + ".class";
        assertThat(uri).endsWith(file);
        return uri.substring(0, uri.length() - file.length());
    }

    private static SliceAssignment onePerPackage() {
        return named("packages of dev.paligemma", "dev.paligemma", JavaClass::getPackageName);
    }

    /** What is nested in a class belongs to it. */
    private static SliceAssignment onePerClass() {
        return named(
                "classes of the command line",
                "dev.paligemma.cli",
                type -> type.getName().replaceAll("\\$.*", ""));
    }

    private static SliceAssignment named(String description, String root, Function<JavaClass, String> name) {
        return new SliceAssignment() {
            @Override
            public SliceIdentifier getIdentifierOf(JavaClass type) {
                return type.getPackageName().startsWith(root)
                        ? SliceIdentifier.of(name.apply(type))
                        : SliceIdentifier.ignore();
            }

            @Override
            public String getDescription() {
                return description;
            }
        };
    }
}
