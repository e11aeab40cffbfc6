package dev.paligemma.checkpoint.internal.safetensors;

import dev.paligemma.base.internal.Json;
import dev.paligemma.base.internal.JsonObject;
import dev.paligemma.checkpoint.config.CheckpointException;
import dev.paligemma.checkpoint.config.PaliGemmaConfig;
import dev.paligemma.checkpoint.internal.TensorNames;
import dev.paligemma.engine.weights.TensorInfo;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Whether the output head of a checkpoint is its token embedding, which is decided as transformers 5 does.
 *
 * <p>Where {@code config.json} says so or nothing, the two are one if one of them is stored, under either name, or both
 * are and are equal. Two that differ are both used: files of version 4 say nothing about a head that was trained or merged
 * by itself.
 */
public final class OutputHead {
    private static final Logger LOG = LoggerFactory.getLogger(OutputHead.class);

    private static final String TIED = "tie_word_embeddings";
    private static final long MAX_CONFIG_BYTES = 1 << 20;
    private static final int CHUNK_BYTES = 4 << 20;

    private final Path folder;
    private final TensorFiles files;
    private final Map<TensorInfo, ComputedWeight> computed;

    /** Looks at the tensors of a folder; some may be computed. */
    public OutputHead(Path folder, TensorFiles files, Map<TensorInfo, ComputedWeight> computed) {
        this.folder = folder;
        this.files = files;
        this.computed = computed;
    }

    /**
     * Says in the configuration whether head and embedding are one tensor. If so, that goes by the name of the embedding
     * from now on.
     *
     * @param named the tensors by canonical name
     */
    public PaliGemmaConfig settle(PaliGemmaConfig config, Map<String, TensorInfo> named) {
        TensorInfo table = named.get(TensorNames.EMBEDDING);
        TensorInfo head = named.get(TensorNames.HEAD_WEIGHT);
        boolean tied = config.text().tieWordEmbeddings();
        if (config.pageRows() != null) {
            // Nothing asks for the head, but its name may be the only one that the table was saved under.
            if (table == null && head != null) {
                named.put(TensorNames.EMBEDDING, head);
                named.remove(TensorNames.HEAD_WEIGHT);
            }
            return config;
        }
        if (table != null && head != null) {
            return config.withTieWordEmbeddings(tied && isSame(table, head));
        }
        // The language model's own part of the file, which transformers does not ask.
        tied |= !saysSo();
        if (tied && head != null) {
            named.put(TensorNames.EMBEDDING, head);
            named.remove(TensorNames.HEAD_WEIGHT);
        }
        return config.withTieWordEmbeddings(tied);
    }

    private boolean isSame(TensorInfo table, TensorInfo head) {
        boolean comparable = Arrays.equals(table.shape(), head.shape())
                && table.dtype().isFloatWeight()
                && head.dtype().isFloatWeight();
        if (comparable) {
            if (areEqual(table, head)) {
                return true;
            }
            LOG.warn(
                    "{}: the stored output head {} differs from the token embedding, though config.json ties them. The"
                            + " stored head is used, as transformers 5 does; set tie_word_embeddings to false in"
                            + " config.json to say so",
                    folder,
                    head.name());
        }
        return false;
    }

    private boolean saysSo() {
        return config().has(TIED);
    }

    private JsonObject config() {
        return Json.readObject(folder.resolve("config.json"), MAX_CONFIG_BYTES, CheckpointException::new);
    }

    /** Reads both until the first difference. */
    private boolean areEqual(TensorInfo one, TensorInfo other) {
        boolean sameBytes = one.dtype() == other.dtype() && !one.dtype().isComputed();
        long size = sameBytes ? one.byteLength() : one.elementCount();
        int most = sameBytes ? CHUNK_BYTES : CHUNK_BYTES / Float.BYTES;
        ByteBuffer first = ByteBuffer.allocate((int) Math.min(CHUNK_BYTES, sameBytes ? size : size * Float.BYTES));
        ByteBuffer second = ByteBuffer.allocate(first.capacity());
        for (long at = 0; at < size; at += most) {
            int count = (int) Math.min(most, size - at);
            boolean equal;
            if (sameBytes) {
                files.read(one, at, first.clear().limit(count));
                files.read(other, at, second.clear().limit(count));
                equal = first.flip().equals(second.flip());
            } else {
                FloatBuffer left = first.clear().asFloatBuffer().limit(count);
                FloatBuffer right = second.clear().asFloatBuffer().limit(count);
                read(one, at, left);
                read(other, at, right);
                equal = left.flip().equals(right.flip());
            }
            if (!equal) {
                return false;
            }
        }
        return true;
    }

    private void read(TensorInfo tensor, long first, FloatBuffer to) {
        ComputedWeight weight = computed.get(tensor);
        if (weight != null) {
            weight.read(files, first, to);
        } else {
            files.readFloats(tensor, first, to);
        }
    }

    /** The text of a {@code config.json} that says whether head and embedding are one; null if the file does already. */
    public static @Nullable String configSaying(boolean tied, Path config) {
        if (PaliGemmaConfig.read(config).text().tieWordEmbeddings() == tied) {
            return null;
        }
        JsonObject json = Json.readObject(config, MAX_CONFIG_BYTES, CheckpointException::new);
        Map<String, @Nullable Object> members = new LinkedHashMap<>(json.members());
        JsonObject text = json.objectOrNull("text_config");
        if (text != null) {
            Map<String, @Nullable Object> textMembers = new LinkedHashMap<>(text.members());
            textMembers.put(TIED, tied);
            members.put("text_config", textMembers);
        }
        members.put(TIED, tied);
        return Json.text(members, true) + "\n";
    }
}
