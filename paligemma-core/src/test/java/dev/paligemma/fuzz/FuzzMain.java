package dev.paligemma.fuzz;

import dev.paligemma.fuzz.Fuzzer.Outcome;
import dev.paligemma.fuzz.Fuzzer.Tally;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.TimeUnit;

/**
 * A long run: {@code [--cases 1000000] [--seed 1] [--threads 1] [--targets a,b]}, or one case again with
 * {@code --targets NAME --case NUMBER}. Ends with exit code 1 if there is a finding; docs/reliability.md says how to
 * start it and what came out.
 */
final class FuzzMain {
    private static final long MOST_FINDINGS = 50;
    private static final long HANG_NANOS = TimeUnit.MINUTES.toNanos(3);
    private static final long REPORT_MILLIS = 30_000;

    private final List<Target> targets;
    /** By the names of their targets. */
    private final Map<String, Tally> tallies = new LinkedHashMap<>();

    private final ConcurrentLinkedQueue<String> findings = new ConcurrentLinkedQueue<>();

    private FuzzMain(List<Target> targets) {
        this.targets = targets;
        targets.forEach(target -> tallies.put(target.name(), new Tally(target)));
    }

    public static void main(String[] args) throws Exception {
        Map<String, String> options = new HashMap<>();
        for (int i = 0; i + 1 < args.length; i += 2) {
            options.put(args[i], args[i + 1]);
        }
        List<Target> targets = Fuzzer.chosen(Targets.all(), options.getOrDefault("--targets", ""));
        if (options.containsKey("--case")) {
            try (Fuzzer fuzzer = Fuzzer.withPipes()) {
                System.out.println(fuzzer.run(targets.get(0), Long.parseLong(options.get("--case"))));
            }
            return;
        }
        boolean good = new FuzzMain(targets)
                .run(
                        Long.parseLong(options.getOrDefault("--cases", "1000000")),
                        Long.parseLong(options.getOrDefault("--seed", "1")),
                        Integer.parseInt(options.getOrDefault("--threads", "1")));
        System.exit(good ? 0 : 1);
    }

    private boolean run(long cases, long seed, int count) throws IOException, InterruptedException {
        List<Fuzzer> fuzzers = new ArrayList<>();
        List<Thread> threads = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            int first = i;
            Fuzzer fuzzer = Fuzzer.withPipes();
            fuzzers.add(fuzzer);
            Thread thread = new Thread(() -> work(fuzzer, cases, seed, first, count), "fuzz-" + i);
            thread.setDaemon(true);
            threads.add(thread);
            thread.start();
        }
        boolean hung = false;
        long reported = System.nanoTime();
        while (threads.stream().anyMatch(Thread::isAlive) && !hung) {
            threads.get(0).join(1_000);
            for (int i = 0; i < count; i++) {
                if (threads.get(i).isAlive() && fuzzers.get(i).runningNanos() > HANG_NANOS) {
                    hung = true;
                    findings.add("hangs: " + fuzzers.get(i).running() + " "
                            + List.of(threads.get(i).getStackTrace()));
                }
            }
            if (System.nanoTime() - reported > REPORT_MILLIS * 1_000_000) {
                reported = System.nanoTime();
                System.out.println(
                        tallies.values().stream().mapToLong(Tally::cases).sum() + " cases, " + findings.size()
                                + " findings; " + fuzzers.get(0).running());
            }
        }
        for (Fuzzer fuzzer : fuzzers) {
            fuzzer.close();
        }
        tallies.values().forEach(System.out::println);
        long total = tallies.values().stream().mapToLong(Tally::cases).sum();
        System.out.println(total + " cases with seed " + seed + ", " + findings.size() + " findings");
        return findings.isEmpty();
    }

    /** Takes every so manieth case; the targets in turn, as often as their weights say. */
    private void work(Fuzzer fuzzer, long cases, long seed, int first, int step) {
        long weights = targets.stream().mapToLong(Target::weight).sum();
        long rounds = (cases + weights - 1) / weights;
        try {
            for (long round = first; round < rounds; round += step) {
                for (Target target : targets) {
                    Tally tally = tallies.get(target.name());
                    for (int i = 0; i < target.weight(); i++) {
                        long number = Fuzzer.number(target, seed, round * target.weight() + i);
                        Outcome outcome = fuzzer.run(target, number);
                        tally.add(outcome);
                        if (!outcome.finding().isEmpty()) {
                            String finding = target + " --case " + number + ": " + outcome.finding();
                            findings.add(finding);
                            System.out.println(finding);
                        }
                        if (findings.size() >= MOST_FINDINGS) {
                            return;
                        }
                    }
                }
            }
        } catch (IOException | RuntimeException e) {
            findings.add("the run ended: " + e);
            e.printStackTrace(System.out);
        }
    }
}
