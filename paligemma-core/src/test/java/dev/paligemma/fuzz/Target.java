package dev.paligemma.fuzz;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;

/**
 * Something that reads files from outside.
 *
 * @param name of the target
 * @param corpus folders that it reads well
 * @param files whether the case is to be written to a folder; otherwise only {@link Case#bytes} is looked at
 * @param weight how often it is chosen
 * @param reader reads
 */
record Target(String name, List<Seed> corpus, boolean files, int weight, Reader reader) {
    /** What one case may allocate apart from {@link #ALLOCATED_PER_BYTE} times the sizes of the files. */
    static final long ALLOCATED_BYTES = 32L << 20;

    /** What one case may allocate for each byte of the files. */
    static final long ALLOCATED_PER_BYTE = 16;

    /**
     * A good folder.
     *
     * @param name for messages
     * @param files by name; all of them are written, those with bytes in {@code damaged} may be damaged
     * @param damaged names of the files to damage
     */
    record Seed(String name, Map<String, byte[]> files, List<String> damaged) {
        long size() {
            return files.values().stream().mapToLong(bytes -> bytes.length).sum();
        }
    }

    /**
     * A damaged folder.
     *
     * @param folder where it is
     * @param file the name of the damaged file
     * @param bytes its bytes; empty if it is no file at all
     */
    record Case(Path folder, String file, byte[] bytes) {
        Path path() {
            return folder.resolve(file);
        }
    }

    /** Reads a folder; only the exceptions of the library may come out. */
    interface Reader {
        void read(Case damaged) throws IOException;
    }

    long allocationLimit(Seed seed, Case damaged) {
        return ALLOCATED_BYTES + ALLOCATED_PER_BYTE * (seed.size() + damaged.bytes().length);
    }

    @Override
    public String toString() {
        return name;
    }
}
