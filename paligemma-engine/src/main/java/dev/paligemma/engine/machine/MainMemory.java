package dev.paligemma.engine.machine;

import com.sun.management.HotSpotDiagnosticMXBean;
import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How much of the computer's memory this process could still take, at one moment. Immutable.
 *
 * @param freeBytes what is free, or used only to keep files at hand
 * @param totalBytes what there is, or the limit of the control group (container) of this process if that is less
 * @param isLimited whether the control group leaves less than the machine has
 */
public record MainMemory(long freeBytes, long totalBytes, boolean isLimited) {
    private static final int MOST_GROUPS = 64;

    /** Checks the sizes; an {@link IllegalArgumentException} if one is negative. */
    public MainMemory {
        if (freeBytes < 0 || totalBytes < 0) {
            throw new IllegalArgumentException("negative size of memory: " + freeBytes + " of " + totalBytes);
        }
    }

    /**
     * Looks at this machine; empty if nothing is known of it. On Linux free is {@code MemAvailable}, and not more than any
     * control group around this process leaves (version 1 and 2), where files that a group keeps at hand do not count as
     * used. On other systems it is what the Java platform calls free, which leaves out memory that the system would give
     * back on demand.
     */
    public static Optional<MainMemory> ofThisMachine() {
        return under(Path.of("/")).or(MainMemory::ofThePlatform);
    }

    /**
     * The most memory that Java's direct buffers may take together, which hold key/value caches: {@code
     * -XX:MaxDirectMemorySize} or, where that is not set, the largest size of the heap.
     */
    public static long maxDirectBytes() {
        try {
            HotSpotDiagnosticMXBean options = ManagementFactory.getPlatformMXBean(HotSpotDiagnosticMXBean.class);
            long limit =
                    Long.parseLong(options.getVMOption("MaxDirectMemorySize").getValue());
            return limit > 0 ? limit : Runtime.getRuntime().maxMemory();
        } catch (IllegalArgumentException | NullPointerException | LinkageError e) {
            // Another JVM, which has no such option or no such bean.
            return Runtime.getRuntime().maxMemory();
        }
    }

    private static Optional<MainMemory> ofThePlatform() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof OperatingSystemMXBean bean
                ? Optional.of(new MainMemory(bean.getFreeMemorySize(), bean.getTotalMemorySize(), false))
                : Optional.empty();
    }

    /** The memory according to the files of Linux under a folder that stands for the root. */
    static Optional<MainMemory> under(Path root) {
        return SystemFile.read(root.resolve("proc/meminfo"))
                .flatMap(MainMemory::parse)
                .map(machine -> {
                    long free = machine.freeBytes;
                    long total = machine.totalBytes;
                    String groups =
                            SystemFile.read(root.resolve("proc/self/cgroup")).orElse("");
                    for (MainMemory group : groups(root.resolve("sys/fs/cgroup"), groups)) {
                        free = Math.min(free, group.freeBytes);
                        total = Math.min(total, group.totalBytes);
                    }
                    return new MainMemory(free, total, free < machine.freeBytes || total < machine.totalBytes);
                });
    }

    /** Reads {@code /proc/meminfo}; empty unless it has the total and the available memory. */
    static Optional<MainMemory> parse(String meminfo) {
        OptionalLong total = kibibytes(meminfo, "MemTotal");
        OptionalLong available = kibibytes(meminfo, "MemAvailable");
        return total.isPresent() && available.isPresent()
                ? Optional.of(new MainMemory(available.getAsLong(), total.getAsLong(), false))
                : Optional.empty();
    }

    private static OptionalLong kibibytes(String meminfo, String name) {
        OptionalLong number = SystemFile.value(meminfo, name, ":[ \\t]*")
                .filter(value -> value.endsWith(" kB"))
                .map(value -> SystemFile.number(
                        value.substring(0, value.length() - " kB".length()).strip()))
                .orElse(OptionalLong.empty());
        return number.isPresent() && number.getAsLong() <= Long.MAX_VALUE / 1024
                ? OptionalLong.of(number.getAsLong() * 1024)
                : OptionalLong.empty();
    }

    /** What the control groups of a process leave, each with those around it. */
    private static List<MainMemory> groups(Path mount, String ofProcess) {
        List<MainMemory> found = new ArrayList<>();
        for (String line : ofProcess.lines().limit(MOST_GROUPS).toList()) {
            String[] parts = line.split(":", 3);
            if (parts.length < 3 || !parts[2].startsWith("/")) {
                continue;
            }
            if (parts[1].isEmpty()) {
                collect(mount, parts[2], GroupFiles.VERSION_2, found);
            } else if (List.of(parts[1].split(",")).contains("memory")) {
                collect(mount.resolve("memory"), parts[2], GroupFiles.VERSION_1, found);
            }
        }
        return found;
    }

    /**
     * Looks at a group and at all around it. Inside a container the path may be that of the host, of which nothing is to be
     * seen, and the group itself stands where the file system is mounted: the last one looked at.
     */
    private static void collect(Path mount, String path, GroupFiles files, List<MainMemory> found) {
        Path top = mount.normalize();
        Path group;
        try {
            group = top.resolve(path.substring(1)).normalize();
        } catch (InvalidPathException e) {
            group = top; // letters that this JVM's locale does not have
        }
        for (int depth = 0; depth < MOST_GROUPS && group != null && group.startsWith(top); depth++) {
            files.read(group).ifPresent(found::add);
            group = group.getParent();
        }
    }

    /** The names of the files of a control group, in one version of the kernel's interface. */
    private record GroupFiles(String limit, String usage, String inactiveFiles) {
        static final GroupFiles VERSION_1 =
                new GroupFiles("memory.limit_in_bytes", "memory.usage_in_bytes", "total_inactive_file");
        static final GroupFiles VERSION_2 = new GroupFiles("memory.max", "memory.current", "inactive_file");

        Optional<MainMemory> read(Path group) {
            // A group without a limit says "max", or in version 1 a number of 19 digits.
            OptionalLong most = SystemFile.readNumber(group.resolve(limit));
            OptionalLong used = SystemFile.readNumber(group.resolve(usage));
            if (most.isEmpty() || used.isEmpty()) {
                return Optional.empty();
            }
            long kept = SystemFile.read(group.resolve("memory.stat"))
                    .flatMap(text -> SystemFile.value(text, inactiveFiles, " "))
                    .map(SystemFile::number)
                    .orElse(OptionalLong.empty())
                    .orElse(0);
            long needed = Math.max(used.getAsLong() - kept, 0);
            return Optional.of(new MainMemory(Math.max(most.getAsLong() - needed, 0), most.getAsLong(), true));
        }
    }
}
