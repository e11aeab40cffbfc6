package dev.paligemma;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;

/** Ways in which the same weights are stored, by trainers, compilers, caches and other libraries. */
enum StoredAs {
    /** {@code safetensors.torch.save_model} keeps one name of two. */
    HEAD_ONLY {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return headOnly(weights, "lm_head.weight").write(folder.resolve("m"));
        }
    },
    HEAD_ONLY_IN_OLD_NAMES {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return headOnly(weights.saying(null, null), "language_model.lm_head.weight")
                    .write(folder.resolve("m"));
        }
    },
    /** With what version 4 says in text_config and version 5 does not ask. */
    HEAD_ONLY_IN_A_SHARD {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return headOnly(weights.saying(null, false), "_orig_mod.lm_head.weight")
                    .writeLinked(folder.resolve("m"), List.of(folder.resolve("a"), folder.resolve("b")));
        }
    },
    EQUAL_HEAD {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return weights.with("lm_head.weight", weights.tensor("embed_tokens.weight"))
                    .write(folder.resolve("m"));
        }
    },
    COMPILED {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return weights.renamed(name -> "_orig_mod." + name).write(folder.resolve("m"));
        }
    },
    IN_PARALLEL {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return weights.renamed(name -> "module._fsdp_wrapped_module."
                            + name.replaceAll("(layers\\.\\d+)", "$1._fsdp_wrapped_module._checkpoint_wrapped_module"))
                    .write(folder.resolve("m"));
        }
    },
    /** What remains in the names when only the adapter was taken off. */
    BASE_OF_PEFT {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return weights.renamed(name -> "base_model.model." + name.replace("q_proj.", "q_proj.base_layer."))
                    .write(folder.resolve("m"));
        }
    },
    PART_OF_A_TRAINERS_MODEL {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return weights.renamed(name -> "policy.vlm." + name).write(folder.resolve("m"));
        }
    },
    MLX {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return weights.metadata("format", "mlx")
                    .channelsLast()
                    .renamed(name -> name.replaceFirst("^model\\.language_model\\.", "language_model.model.")
                            .replaceFirst("^model\\.", ""))
                    .write(folder.resolve("m"));
        }
    },
    /** One store for each shard, as in shared caches; the second level of names is not understood by all in the same way. */
    IN_SEVERAL_FOLDERS {
        @Override
        Path write(RewrittenCheckpoint weights, Path folder) throws IOException {
            return weights.writeLinked(
                    folder.resolve("größe"),
                    List.of(folder.resolve("a b/c"), folder.resolve("猫"), folder.resolve("\uD83D\uDE00/d")));
        }
    };

    /** Stores weights below a folder, and gives that of the checkpoint. */
    abstract Path write(RewrittenCheckpoint weights, Path folder) throws IOException;

    private static RewrittenCheckpoint headOnly(RewrittenCheckpoint weights, String name) {
        RewrittenCheckpoint.Stored table = weights.tensor("embed_tokens.weight");
        return weights.without("embed_tokens.weight")
                .without("lm_head.weight")
                .with(name, table)
                .metadata("model.language_model.embed_tokens.weight", name);
    }
}
