package dev.paligemma.engine.contract;

import java.lang.reflect.Method;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.BeforeAllCallback;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.TestWatcher;
import org.junit.platform.commons.annotation.Testable;
import org.junit.platform.commons.support.AnnotationSupport;

/**
 * Remembers which tests of which contracts have passed on which engine in this JVM, so that {@link ContractsHaveRun} can
 * tell what is missing: a class that is gone, disabled, filtered out, or gave up on an assumption. Thread-safe.
 */
public final class ContractLedger implements BeforeAllCallback, TestWatcher {
    private static final Map<Run, Outcome> RUNS = new ConcurrentHashMap<>();

    private record Run(TestedEngine engine, String contract) {}

    private record Test(String method, Result result) {}

    private enum Result {
        PASSED,
        FAILED,
        SKIPPED
    }

    /**
     * What is known of one contract on one engine.
     *
     * @param expected the tests that the contract has
     * @param tests those that ended, once for each set of arguments
     */
    private record Outcome(List<String> expected, List<Test> tests) {}

    @Override
    public void beforeAll(ExtensionContext context) {
        if (!isOfTheTable(context)) {
            return;
        }
        TestedEngine engine = TestedEngine.of(context.getRequiredTestClass());
        Class<?> contract = contract(context.getRequiredTestClass());
        List<String> tests = Arrays.stream(contract.getDeclaredMethods())
                .filter(method -> AnnotationSupport.isAnnotated(method, Testable.class))
                .map(Method::getName)
                .distinct()
                .sorted()
                .toList();
        RUNS.put(
                new Run(engine, contract.getSimpleName()),
                new Outcome(tests, Collections.synchronizedList(new ArrayList<>())));
    }

    /** A test may make an engine of its own, which counts for nothing here. */
    private static boolean isOfTheTable(ExtensionContext context) {
        return context.getRequiredTestClass().isAnnotationPresent(EngineUnderTest.class);
    }

    /** The class that is annotated with this extension. */
    private static Class<?> contract(Class<?> test) {
        Class<?> contract = test;
        while (contract.getDeclaredAnnotationsByType(ExtendWith.class).length == 0) {
            contract = Objects.requireNonNull(contract.getSuperclass(), "no contract above " + test);
        }
        return contract;
    }

    @Override
    public void testSuccessful(ExtensionContext context) {
        add(context, Result.PASSED);
    }

    @Override
    public void testFailed(ExtensionContext context, @Nullable Throwable cause) {
        add(context, Result.FAILED);
    }

    @Override
    public void testAborted(ExtensionContext context, @Nullable Throwable cause) {
        add(context, Result.SKIPPED);
    }

    @Override
    public void testDisabled(ExtensionContext context, Optional<String> reason) {
        add(context, Result.SKIPPED);
    }

    private static void add(ExtensionContext context, Result result) {
        if (!isOfTheTable(context)) {
            return;
        }
        Class<?> test = context.getRequiredTestClass();
        Outcome outcome = Objects.requireNonNull(
                RUNS.get(new Run(TestedEngine.of(test), contract(test).getSimpleName())));
        outcome.tests.add(new Test(context.getRequiredTestMethod().getName(), result));
    }

    /**
     * What keeps a contract from having passed on an engine.
     *
     * @param contract its simple name
     * @return a sentence for each test, or for all of them; nothing if all have passed
     */
    public static List<String> missing(TestedEngine engine, String contract) {
        Outcome outcome = RUNS.get(new Run(engine, contract));
        if (outcome == null) {
            return List.of(contract + " has not run on " + engine);
        }
        List<String> missing = new ArrayList<>();
        for (String method : outcome.expected) {
            List<Result> results = outcome.tests.stream()
                    .filter(test -> test.method.equals(method))
                    .map(Test::result)
                    .toList();
            if (results.isEmpty()) {
                missing.add(contract + "." + method + " has not run on " + engine);
            } else if (results.contains(Result.SKIPPED) || results.contains(Result.FAILED)) {
                missing.add(contract + "." + method + " was skipped or failed on " + engine);
            }
        }
        return missing;
    }
}
