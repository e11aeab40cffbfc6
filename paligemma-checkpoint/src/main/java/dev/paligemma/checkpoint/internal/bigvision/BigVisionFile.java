package dev.paligemma.checkpoint.internal.bigvision;

import dev.paligemma.base.internal.InputFiles;
import dev.paligemma.base.internal.Quote;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.Limits;
import dev.paligemma.checkpoint.internal.bigvision.BigVisionLayout.Piece;
import dev.paligemma.checkpoint.internal.numpy.NpyArray;
import dev.paligemma.checkpoint.internal.numpy.NpzException;
import dev.paligemma.checkpoint.internal.numpy.NpzFile;
import dev.paligemma.checkpoint.internal.safetensors.ComputedWeight;
import dev.paligemma.checkpoint.internal.safetensors.FileState;
import dev.paligemma.checkpoint.internal.safetensors.StoredFile;
import dev.paligemma.checkpoint.internal.safetensors.WantedWeights;
import dev.paligemma.checkpoint.internal.safetensors.WeightFiles;
import dev.paligemma.engine.graph.Graph;
import dev.paligemma.engine.weights.DType;
import dev.paligemma.engine.weights.TensorInfo;
import java.io.IOException;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * A checkpoint of big_vision: one NumPy archive with the arrays of {@link BigVisionLayout}.
 *
 * @param wanted what the network asks for, with the number of rows that the embedding has
 * @param stored what reads the parts of arrays
 * @param tensors the tensors of the model by canonical name
 * @param rearranged those whose numbers lie in another order
 * @param unused the arrays the model has no use for, as far as they have a type that a tensor can have
 */
public record BigVisionFile(
        WantedWeights wanted,
        StoredFile stored,
        Map<String, TensorInfo> tensors,
        Map<TensorInfo, ComputedWeight> rearranged,
        List<TensorInfo> unused) {
    private static final String SUFFIX = ".npz";
    private static final String PREFIX = "params/";

    /** The weights of the mask codec lie in the same folder. */
    private static final String MASK_CODEC = "vae-oid.npz";

    private static final int MAX_SHOWN = 5;

    /** Whether a path ends like an archive. */
    public static boolean hasName(Path file) {
        Path name = file.getFileName();
        return name != null && name.toString().toLowerCase(Locale.ROOT).endsWith(SUFFIX);
    }

    /** The archive of a folder, or null if it has none; fails if it has several. */
    public static @Nullable Path in(Path folder) {
        List<Path> found = new ArrayList<>();
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder, BigVisionFile::hasName)) {
            for (Path file : files) {
                if (!file.endsWith(MASK_CODEC) && found.size() <= MAX_SHOWN) {
                    found.add(file);
                }
            }
        } catch (DirectoryIteratorException e) {
            throw InputFiles.unreadable(
                    folder, Objects.requireNonNullElseGet(e.getCause(), IOException::new), CheckpointException::new);
        } catch (IOException e) {
            throw InputFiles.unreadable(folder, e, CheckpointException::new);
        }
        if (found.size() > 1) {
            found.sort(null);
            throw new CheckpointException(folder + " holds several .npz files, among them "
                    + found.stream()
                            .limit(MAX_SHOWN)
                            .map(file -> Quote.quote(String.valueOf(file.getFileName())))
                            .toList()
                    + "; name one of them instead of the folder");
        }
        return found.isEmpty() ? null : found.get(0);
    }

    /**
     * Reads the directory of an archive and the headers of its arrays; a configuration that is not given is inferred
     * from them.
     */
    public static BigVisionFile read(
            Path file, @Nullable PaliGemmaConfig given, Function<PaliGemmaConfig, List<Graph>> network) {
        Path real = InputFiles.regular(file, CheckpointException::new);
        try (NpzFile npz = NpzFile.open(real, Long.MAX_VALUE)) {
            FileState state = FileState.of(real);
            Map<String, NpyArray> arrays = arrays(file, npz);
            Map<String, long[]> shapes = new LinkedHashMap<>();
            arrays.forEach((name, array) -> shapes.put(name, array.shape()));
            PaliGemmaConfig config = given == null ? BigVisionConfig.infer(file, shapes) : given;
            long[] table = shapes.get(BigVisionLayout.EMBEDDING);
            if (table != null && table.length == 2 && table[0] >= 1 && table[0] <= Limits.MAX_VOCAB) {
                config = config.withVocabSize((int) table[0]);
            }
            BigVisionFile read = new Builder(file, real, state, arrays).build(WantedWeights.of(network, config));
            state.requireSame(real, npz.size());
            return read;
        } catch (NpzException e) {
            throw new CheckpointException(String.valueOf(e.getMessage()), e);
        } catch (IOException e) {
            throw InputFiles.unreadable(file, e, CheckpointException::new);
        }
    }

    private static Map<String, NpyArray> arrays(Path file, NpzFile npz) {
        Map<String, NpyArray> arrays = new LinkedHashMap<>();
        for (String name : npz.names()) {
            String bare = name.startsWith(PREFIX) ? name.substring(PREFIX.length()) : name;
            if (arrays.put(bare, npz.array(name)) != null) {
                throw new CheckpointException(file + " has both the arrays " + Quote.quote(bare) + " and "
                        + Quote.quote(PREFIX + bare) + ", which are names of one");
            }
        }
        return arrays;
    }

    /** Finds the tensors in the arrays, and everything that is wrong with those. */
    private static final class Builder {
        private final Path file;
        private final Path real;
        private final FileState state;
        private final Map<String, NpyArray> arrays;
        private final Set<String> problems = new LinkedHashSet<>();

        Builder(Path file, Path real, FileState state, Map<String, NpyArray> arrays) {
            this.file = file;
            this.real = real;
            this.state = state;
            this.arrays = arrays;
        }

        BigVisionFile build(WantedWeights wanted) {
            List<Piece> pieces = BigVisionLayout.of(wanted);
            Set<String> known = new LinkedHashSet<>();
            for (Piece piece : pieces) {
                if (known.add(piece.array())) {
                    check(piece);
                }
            }
            if (!problems.isEmpty()) {
                throw new CheckpointException(file + ": " + problems.size() + " of " + known.size()
                        + " arrays do not fit the model:" + WeightFiles.lines(List.copyOf(problems)));
            }
            Map<String, TensorInfo> parts = new LinkedHashMap<>();
            Map<String, TensorInfo> tensors = new LinkedHashMap<>();
            Map<TensorInfo, ComputedWeight> rearranged = new LinkedHashMap<>();
            for (Piece piece : pieces) {
                TensorInfo part = part(piece);
                parts.put(part.name(), part);
                if (piece.rows() == 0) {
                    tensors.put(piece.name(), part);
                    continue;
                }
                DType type = RearrangedWeight.rearranged(part.dtype());
                TensorInfo info =
                        new TensorInfo(part.name(), type, piece.shape(), real, part.offset(), part.byteLength());
                long rows = piece.shape()[0];
                int columns = Math.toIntExact(info.elementCount() / rows);
                tensors.put(piece.name(), info);
                rearranged.put(
                        info,
                        new RearrangedWeight(
                                info, part, piece.rows(), columns, piece.columnOrder(), RearrangedWeight.WINDOW_BYTES));
            }
            return new BigVisionFile(wanted, new StoredFile(real, state, parts), tensors, rearranged, unused(known));
        }

        private void check(Piece piece) {
            NpyArray array = arrays.get(piece.array());
            String expected = piece.array() + ": expected " + Arrays.toString(piece.arrayShape()) + ", ";
            if (array == null) {
                problems.add(piece.array() + ": missing, expected " + Arrays.toString(piece.arrayShape()));
            } else if (!Arrays.equals(array.shape(), piece.arrayShape())) {
                problems.add(expected + "got " + Arrays.toString(array.shape()));
            } else if (floatType(array.type()) == null) {
                problems.add(
                        expected + "float32 (<f4), float16 (<f2) or bfloat16 (|V2), got " + Quote.quote(array.type()));
            } else if (array.fortranOrder()) {
                problems.add(expected + "C order, got Fortran order; save numpy.ascontiguousarray of it");
            } else if (array.deflated()) {
                problems.add(expected
                        + "not compressed, got a compressed array; save the archive again with numpy.savez, which"
                        + " does not compress: numpy.savez('new.npz', **numpy.load('old.npz'))");
            } else if (!fits(array)) {
                problems.add(expected + array.type() + ", got " + array.byteLength() + " bytes of elements");
            }
        }

        private static boolean fits(NpyArray array) {
            DType type = floatType(array.type());
            try {
                return type != null && type.byteCount(product(array.shape())) == array.byteLength();
            } catch (ArithmeticException e) {
                return false;
            }
        }

        private static long product(long[] shape) {
            return Arrays.stream(shape).reduce(1, Math::multiplyExact);
        }

        /** The numbers of a tensor, as they lie. */
        private TensorInfo part(Piece piece) {
            NpyArray array = Objects.requireNonNull(arrays.get(piece.array()), piece.array());
            DType type = Objects.requireNonNull(floatType(array.type()), piece.array());
            long bytes = type.byteCount(product(piece.shape()));
            boolean whole = bytes == array.byteLength();
            boolean transposed = piece.rows() != 0;
            return new TensorInfo(
                    whole ? piece.array() : piece.array() + "[" + piece.slice() + "]",
                    type,
                    transposed ? storedShape(piece) : piece.shape(),
                    real,
                    array.offset() + piece.slice() * bytes,
                    bytes);
        }

        /** Batches, columns and rows, in the order in which they lie. */
        private static long[] storedShape(Piece piece) {
            long rows = piece.shape()[0];
            return new long[] {rows / piece.rows(), product(piece.shape()) / rows, piece.rows()};
        }

        private List<TensorInfo> unused(Set<String> known) {
            List<TensorInfo> unused = new ArrayList<>();
            arrays.forEach((name, array) -> {
                DType type = floatType(array.type());
                if (!known.contains(name) && type != null && !array.deflated() && fits(array)) {
                    unused.add(new TensorInfo(name, type, array.shape(), real, array.offset(), array.byteLength()));
                }
            });
            return unused;
        }

        /** NumPy has no bfloat16 of its own and writes it as two bytes without a meaning, or viewed as an integer. */
        private static @Nullable DType floatType(String type) {
            return switch (type) {
                case "<f4" -> DType.F32;
                case "<f2" -> DType.F16;
                case "|V2", "<V2", "<u2" -> DType.BF16;
                default -> null;
            };
        }
    }
}
