package dev.paligemma.examples;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static java.util.Map.entry;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.domain.JavaType;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.ImportOption.DoNotIncludeTests;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.library.dependencies.SliceAssignment;
import com.tngtech.archunit.library.dependencies.SliceIdentifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Collection;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** The arrows between modules and packages, and their sizes. It stands in the one module that sees all the others. */
@AnalyzeClasses(
        packages = "dev.paligemma",
        importOptions = {DoNotIncludeTests.class, ArchitectureTest.DoNotIncludeTestArchives.class})
class ArchitectureTest {
    private static final int MOST_CLASSES_OF_A_PACKAGE = 30;
    private static final int MOST_LINES_OF_A_CLASS = 500;
    private static final int MOST_LINES_OF_A_TEST = 700;

    /** Modules share what their tests need in archives of their own. */
    static final class DoNotIncludeTestArchives implements ImportOption {
        @Override
        public boolean includes(Location location) {
            return !location.contains("-tests.jar");
        }
    }

    /** Which modules a module may use; the picture in docs/architecture.md shows the same. */
    private static final Map<String, Set<String>> ARROWS = Map.ofEntries(
            entry("base", Set.of()),
            entry("tokenizer", Set.of("base")),
            entry("hub", Set.of("base")),
            entry("tiny", Set.of("base")),
            entry("engine", Set.of("base")),
            entry("onnx", Set.of("base", "engine")),
            entry("pytorch", Set.of("base", "engine")),
            entry("reference", Set.of("base", "engine")),
            entry("checkpoint", Set.of("base", "engine")),
            entry("vision", Set.of("base", "engine", "checkpoint")),
            entry("core", Set.of("base", "engine", "checkpoint", "vision", "tokenizer", "hub")),
            entry("djl", Set.of("base", "engine", "checkpoint", "vision", "tokenizer", "hub", "core")),
            entry("langchain4j", Set.of("base", "engine", "checkpoint", "vision", "tokenizer", "hub", "core")),
            entry("micrometer", Set.of("base", "engine", "core")),
            entry("spark", Set.of("base", "engine", "checkpoint", "vision", "tokenizer", "hub", "core")),
            entry("spring-ai", Set.of("base", "engine", "checkpoint", "vision", "tokenizer", "hub", "core")),
            entry(
                    "spring-boot-starter",
                    Set.of(
                            "base",
                            "engine",
                            "checkpoint",
                            "vision",
                            "tokenizer",
                            "hub",
                            "core",
                            "tiny",
                            "micrometer",
                            "spring-ai")),
            entry("training", Set.of("base", "engine", "checkpoint", "vision", "tokenizer", "hub", "core")),
            entry("server", Set.of("base", "engine", "checkpoint", "vision", "tokenizer", "hub", "core")),
            entry(
                    "cli",
                    Set.of(
                            "base",
                            "engine",
                            "checkpoint",
                            "vision",
                            "tokenizer",
                            "hub",
                            "core",
                            "training",
                            "server",
                            "tiny")),
            entry(
                    "examples",
                    Set.of(
                            "base",
                            "engine",
                            "checkpoint",
                            "vision",
                            "tokenizer",
                            "hub",
                            "core",
                            "training",
                            "tiny",
                            "server",
                            "djl",
                            "micrometer")));

    /** Applications: nobody builds upon them. */
    private static final Set<String> APPLICATIONS = Set.of("cli", "examples");

    /** Integrations are entrances as a whole. */
    private static final Set<String> INTEGRATIONS = Set.of(
            "dev.paligemma.djl",
            "dev.paligemma.langchain4j",
            "dev.paligemma.micrometer",
            "dev.paligemma.spark",
            "dev.paligemma.springai",
            "dev.paligemma.springboot");

    /** Where users begin. What they meet from there, through public signatures, is the API. */
    private static final Set<String> ENTRANCES = Set.of(
            "dev.paligemma.PaliGemmaPipeline",
            "dev.paligemma.Checkpoints",
            "dev.paligemma.base.PaliGemmaException",
            "dev.paligemma.catalog.KnownModels",
            "dev.paligemma.catalog.MemoryEstimate",
            "dev.paligemma.catalog.MemoryShortage",
            "dev.paligemma.checkpoint.adapter.AdapterMerger",
            "dev.paligemma.detection.Annotations",
            "dev.paligemma.detection.DetectionParser",
            "dev.paligemma.engine.graph.GraphBuilder",
            "dev.paligemma.engine.machine.MainMemory",
            "dev.paligemma.engine.machine.NvidiaDriver",
            "dev.paligemma.engine.machine.Processor",
            "dev.paligemma.engine.spi.CheckedDecodingState",
            "dev.paligemma.engine.spi.CheckedProgram",
            "dev.paligemma.engine.spi.EngineChoice",
            "dev.paligemma.engine.spi.EngineProvider",
            "dev.paligemma.engine.spi.Engines",
            "dev.paligemma.engine.training.CheckedTrainingProgram",
            "dev.paligemma.engine.training.TrainingEngine",
            "dev.paligemma.engine.weights.MatrixFormat",
            "dev.paligemma.generation.RequestException",
            "dev.paligemma.generation.RequestCancelledException",
            "dev.paligemma.generation.TooManyRequestsException",
            "dev.paligemma.hub.HubClient",
            "dev.paligemma.network.Networks",
            "dev.paligemma.server.PaliGemmaServer",
            "dev.paligemma.server.ServerException",
            "dev.paligemma.task.Tasks",
            "dev.paligemma.tiny.TinyModel",
            "dev.paligemma.tokenizer.PromptEncoder",
            "dev.paligemma.training.FineTuning",
            "dev.paligemma.training.data.Examples",
            "dev.paligemma.training.run.FineTuningException",
            "dev.paligemma.training.run.FineTuningStoppedException",
            "dev.paligemma.vision.ImageProcessor",
            "dev.paligemma.vision.RgbImage",
            "dev.paligemma.vision.SiglipEncoder",
            "dev.paligemma.vision.VideoFrames");

    @ArchTest
    static void modulesUseWhatTheTableAllows(JavaClasses classes) {
        Map<String, Set<String>> found = new TreeMap<>();
        for (JavaClass each : classes) {
            String from = moduleOf(each);
            assertThat(ARROWS)
                    .as("module of %s: add it to the table", each.getName())
                    .containsKey(from);
            for (JavaClass other : dependenciesOf(each)) {
                String to = moduleOf(other);
                if (!to.equals(from) && !ARROWS.get(from).contains(to)) {
                    found.computeIfAbsent(from + " -> " + to, key -> new TreeSet<>())
                            .add(each.getSimpleName() + " uses " + other.getSimpleName());
                }
            }
        }
        assertThat(found).as("arrows that the table lacks").isEmpty();
    }

    @ArchTest
    static void whatIsPublicForOtherModulesOnlyIsInternal(JavaClasses classes) {
        Set<JavaClass> api = apiOf(classes);
        Set<String> exposed = new TreeSet<>();
        for (JavaClass each : classes) {
            dependenciesOf(each).stream()
                    .filter(other -> !moduleOf(other).equals(moduleOf(each)))
                    .filter(other -> !isInternal(other) && !api.contains(other))
                    .forEach(other -> exposed.add(other.getName() + ", used by " + moduleOf(each)));
        }
        assertThat(exposed)
                .as("classes that another module uses and no user meets: they belong into a package named internal")
                .isEmpty();
    }

    @ArchTest
    static void theApiMeetsNoInternalClass(JavaClasses classes) {
        assertThat(apiOf(classes).stream().filter(ArchitectureTest::isInternal).map(JavaClass::getName))
                .isEmpty();
    }

    @ArchTest
    static final ArchRule classesOfTheCommandLineHaveNoCycles =
            slices().assignedFrom(onePerClass()).should().beFreeOfCycles();

    @ArchTest
    static final ArchRule packagesHaveNoCycles =
            slices().assignedFrom(onePerPackage()).should().beFreeOfCycles();

    @ArchTest
    static final ArchRule librariesAreSilent = noClasses()
            .that()
            .resideOutsideOfPackages("dev.paligemma.examples..", "dev.paligemma.cli..")
            .should(ACCESS_STANDARD_STREAMS)
            .because("a library logs through SLF4J or not at all");

    @ArchTest
    static final ArchRule javaUtilLoggingIsNotUsed = noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.util.logging..")
            .because("SLF4J lets the application choose");

    @ArchTest
    static void everyPackageComesFromOneModule(JavaClasses classes) {
        Map<String, Set<String>> modulesOfPackage = new TreeMap<>();
        for (JavaClass each : classes) {
            modulesOfPackage
                    .computeIfAbsent(each.getPackageName(), name -> new TreeSet<>())
                    .add(moduleOf(each));
        }
        assertThat(modulesOfPackage)
                .allSatisfy((name, modules) -> assertThat(modules)
                        .as("modules with classes of package %s", name)
                        .hasSize(1));
    }

    @ArchTest
    static void packagesAreSmall(JavaClasses classes) {
        Map<String, Set<String>> classesOfPackage = new TreeMap<>();
        classes.stream()
                .filter(JavaClass::isTopLevelClass)
                .filter(each -> !each.getSimpleName().equals("package-info"))
                .forEach(each -> classesOfPackage
                        .computeIfAbsent(each.getPackageName(), name -> new TreeSet<>())
                        .add(each.getSimpleName()));
        assertThat(classesOfPackage)
                .allSatisfy((name, members) ->
                        assertThat(members).as("package %s", name).hasSizeLessThanOrEqualTo(MOST_CLASSES_OF_A_PACKAGE));
    }

    @ArchTest
    static void sourceFilesAreShort(JavaClasses classes) throws IOException {
        Path root = Path.of("..");
        Map<String, Long> tooLong = new TreeMap<>();
        for (Path file : SourceFiles.in(root)) {
            int most = file.toString().contains("/src/test/") ? MOST_LINES_OF_A_TEST : MOST_LINES_OF_A_CLASS;
            long count = Files.readAllLines(file).size();
            if (count > most) {
                tooLong.put(root.relativize(file).toString(), count);
            }
        }
        assertThat(tooLong).as("files with too many lines").isEmpty();
    }

    /** The entrances, and all that public and protected members of the API name. */
    private static Set<JavaClass> apiOf(JavaClasses classes) {
        Set<JavaClass> api = new HashSet<>();
        Deque<JavaClass> open = new ArrayDeque<>();
        for (JavaClass each : classes) {
            if (ENTRANCES.contains(each.getName()) || INTEGRATIONS.contains(each.getPackageName())) {
                open.add(each);
            }
        }
        assertThat(open.stream().map(JavaClass::getName))
                .as("entrances that exist")
                .containsAll(ENTRANCES);
        while (!open.isEmpty()) {
            JavaClass each = topLevel(open.remove());
            if (!isOurs(each) || !isVisible(each) || !api.add(each)) {
                continue;
            }
            membersAndNested(each).forEach(open::addAll);
        }
        return api;
    }

    /** What a class and the visible classes nested in it name to their users. */
    private static Stream<Collection<JavaClass>> membersAndNested(JavaClass type) {
        Set<JavaClass> named = new HashSet<>();
        type.getRawSuperclass().ifPresent(named::add);
        named.addAll(type.getRawInterfaces());
        // What may stand in the place of an interface or a base class.
        type.getSubclasses().stream().filter(each -> !isInternal(each)).forEach(named::add);
        type.getMembers().stream()
                .filter(member -> isVisible(member.getModifiers()))
                .forEach(member -> named.addAll(typesOf(member)));
        Stream<Collection<JavaClass>> nested = nestedIn(type).flatMap(ArchitectureTest::membersAndNested);
        return Stream.concat(Stream.of(named), nested);
    }

    private static Stream<JavaClass> nestedIn(JavaClass type) {
        return type.getPackage().getClasses().stream()
                .filter(each -> each.getEnclosingClass().filter(type::equals).isPresent())
                .filter(ArchitectureTest::isVisible);
    }

    private static Set<JavaClass> typesOf(JavaMember member) {
        Set<JavaClass> types = new HashSet<>();
        if (member instanceof JavaField field) {
            types.addAll(field.getType().getAllInvolvedRawTypes());
        } else if (member instanceof JavaCodeUnit code) {
            types.addAll(code.getReturnType().getAllInvolvedRawTypes());
            for (JavaType parameter : code.getParameterTypes()) {
                types.addAll(parameter.getAllInvolvedRawTypes());
            }
            types.addAll(code.getExceptionTypes());
        }
        return types;
    }

    private static boolean isVisible(JavaClass type) {
        return isVisible(type.getModifiers());
    }

    private static boolean isVisible(Set<JavaModifier> modifiers) {
        return modifiers.contains(JavaModifier.PUBLIC) || modifiers.contains(JavaModifier.PROTECTED);
    }

    private static boolean isInternal(JavaClass type) {
        return type.getPackageName().contains(".internal");
    }

    private static boolean isOurs(JavaClass type) {
        return type.getPackageName().startsWith("dev.paligemma");
    }

    /** The classes of ours that a class uses, each with what it is nested in. */
    private static Set<JavaClass> dependenciesOf(JavaClass type) {
        Set<JavaClass> used = new HashSet<>();
        type.getDirectDependenciesFromSelf().stream()
                .map(dependency -> topLevel(dependency.getTargetClass()))
                .filter(ArchitectureTest::isOurs)
                .forEach(used::add);
        return used;
    }

    private static JavaClass topLevel(JavaClass type) {
        JavaClass outer = type.getBaseComponentType();
        while (outer.getEnclosingClass().isPresent()) {
            outer = outer.getEnclosingClass().orElseThrow();
        }
        return outer;
    }

    private static final Pattern MODULE =
            Pattern.compile(".*/paligemma-([a-z0-9]+(?:-[a-z]+)*)(?:-\\d[^/]*\\.jar!?|/target/classes)/.*");

    /** The name of the module whose jar or class folder a class was read from, without {@code paligemma-}. */
    private static String moduleOf(JavaClass type) {
        String uri = type.getSource().orElseThrow().getUri().toString();
        Matcher matcher = MODULE.matcher(uri);
        assertThat(matcher.matches()).as("a module in %s", uri).isTrue();
        return matcher.group(1);
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

    /** The tables name what exists. */
    @ArchTest
    static void everyModuleOfTheTableIsSeen(JavaClasses classes) {
        Set<String> seen = new TreeSet<>();
        classes.forEach(each -> seen.add(moduleOf(each)));
        assertThat(seen).isEqualTo(new TreeSet<>(ARROWS.keySet())).containsAll(APPLICATIONS);
        assertThat(ARROWS.values())
                .allSatisfy(used -> assertThat(List.copyOf(used)).doesNotContainAnyElementsOf(APPLICATIONS));
    }
}
