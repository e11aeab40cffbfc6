package dev.paligemma.onnx;

import dev.paligemma.engine.EngineException;
import dev.paligemma.onnx.internal.OnnxGraph;
import dev.paligemma.onnx.internal.OnnxType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import org.jspecify.annotations.Nullable;

/**
 * The constants of a graph that lie in files, in any number of folders. Confined to one thread.
 *
 * <p>ONNX Runtime seeks all files from one folder, and refuses paths that lead out of it, be it through a symbolic link.
 * So that folder is the deepest one that holds all files, and the paths are real ones.
 */
final class ExternalFiles {
    private record Constant(String name, OnnxType type, Path file, long offset, long bytes, long[] dims) {}

    private final List<Constant> constants = new ArrayList<>();

    /** Adds a constant in a file, whose path is absolute with symbolic links resolved. */
    void add(String name, OnnxType type, Path file, long offset, long bytes, long... dims) {
        constants.add(new Constant(name, type, file, offset, bytes, dims));
    }

    /**
     * Writes all constants into a graph.
     *
     * @param checkpoint what errors call the files together
     * @return the folder that their paths are relative to, or null if there are none
     */
    @Nullable
    Path writeTo(OnnxGraph graph, Path checkpoint) {
        if (constants.isEmpty()) {
            return null;
        }
        Path folder = commonFolder(constants.stream().map(Constant::file).toList(), checkpoint);
        for (Constant constant : constants) {
            String location = location(folder, constant.file());
            graph.external(
                    constant.name(), constant.type(), location, constant.offset(), constant.bytes(), constant.dims());
        }
        return folder;
    }

    /** The deepest folder that holds all files and has a name that ONNX Runtime understands. */
    static Path commonFolder(List<Path> files, Path checkpoint) {
        Path folder = files.get(0).getParent();
        for (Path file : files) {
            while (folder != null && !file.startsWith(folder)) {
                folder = folder.getParent();
            }
            if (folder == null) {
                throw new EngineException(
                        "ONNX Runtime reads weights from one drive only, but after symbolic links those of "
                                + checkpoint + " lie on two: " + files.get(0) + " and " + file
                                + "; put them on one drive, or choose engine 'pytorch' or precision int8");
            }
        }
        // The JVM hands text to ONNX Runtime in a form of UTF-8 of its own, in which rare characters are others. The
        // paths inside the model are not affected.
        while (folder != null && folder.toString().chars().anyMatch(c -> Character.isSurrogate((char) c))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new EngineException("no folder of " + files.get(0) + " has a name that ONNX Runtime can read");
        }
        return folder;
    }

    private static String location(Path folder, Path file) {
        return StreamSupport.stream(folder.relativize(file).spliterator(), false)
                .map(Path::toString)
                .collect(Collectors.joining("/"));
    }
}
