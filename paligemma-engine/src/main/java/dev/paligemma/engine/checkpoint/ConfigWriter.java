package dev.paligemma.engine.checkpoint;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import dev.paligemma.engine.checkpoint.TextConfig.Family;
import dev.paligemma.engine.checkpoint.TextConfig.LayerType;
import java.io.IOException;
import java.io.StringWriter;
import java.io.UncheckedIOException;

/** Writes a {@link PaliGemmaConfig} as {@code config.json}. */
final class ConfigWriter {
    private final JsonGenerator json;

    private ConfigWriter(JsonGenerator json) {
        this.json = json;
    }

    static String write(PaliGemmaConfig config) {
        StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text)) {
            json.useDefaultPrettyPrinter();
            new ConfigWriter(json).model(config);
        } catch (IOException e) {
            throw new UncheckedIOException("writing to memory does not fail", e);
        }
        return text + "\n";
    }

    private void model(PaliGemmaConfig config) throws IOException {
        json.writeStartObject();
        json.writeArrayFieldStart("architectures");
        json.writeString("PaliGemmaForConditionalGeneration");
        json.writeEndArray();
        json.writeStringField("model_type", "paligemma");
        json.writeNumberField("bos_token_id", config.bosTokenId());
        json.writeArrayFieldStart("eos_token_id");
        for (int id : config.eosTokenIds()) {
            json.writeNumber(id);
        }
        json.writeEndArray();
        json.writeNumberField("pad_token_id", config.padTokenId());
        if (config.imageTokenId() != null) {
            json.writeNumberField("image_token_index", config.imageTokenId());
        }
        json.writeNumberField("projection_dim", config.projectionDim());
        json.writeBooleanField("tie_word_embeddings", config.text().tieWordEmbeddings());
        json.writeObjectFieldStart("text_config");
        text(config.text());
        json.writeEndObject();
        json.writeObjectFieldStart("vision_config");
        vision(config.vision());
        json.writeEndObject();
        json.writeEndObject();
    }

    private void text(TextConfig config) throws IOException {
        boolean gemma2 = config.family() == Family.GEMMA2;
        json.writeStringField("model_type", gemma2 ? "gemma2" : "gemma");
        json.writeNumberField("vocab_size", config.sizes().vocabSize());
        json.writeNumberField("hidden_size", config.sizes().hiddenSize());
        json.writeNumberField("intermediate_size", config.sizes().intermediateSize());
        json.writeNumberField("num_hidden_layers", config.sizes().layers());
        json.writeNumberField("num_attention_heads", config.sizes().heads());
        json.writeNumberField("num_key_value_heads", config.sizes().kvHeads());
        json.writeNumberField("head_dim", config.sizes().headDim());
        json.writeStringField("hidden_activation", "gelu_pytorch_tanh");
        json.writeNumberField("rms_norm_eps", config.rmsNormEps());
        json.writeNumberField("rope_theta", config.attention().ropeTheta());
        json.writeNumberField("max_position_embeddings", config.maxPositionEmbeddings());
        if (!gemma2) {
            return;
        }
        json.writeNumberField("query_pre_attn_scalar", config.attention().queryScalar());
        softcap("attn_logit_softcapping", config.attention().softcap());
        softcap("final_logit_softcapping", config.finalLogitSoftcap());
        if (config.attention().slidingWindow() == 0) {
            json.writeNullField("sliding_window");
        } else {
            json.writeNumberField("sliding_window", config.attention().slidingWindow());
        }
        json.writeArrayFieldStart("layer_types");
        for (LayerType type : config.attention().layerTypes()) {
            json.writeString(type == LayerType.SLIDING ? "sliding_attention" : "full_attention");
        }
        json.writeEndArray();
    }

    /** Null means none, absent would mean the default. */
    private void softcap(String name, double value) throws IOException {
        if (value == 0) {
            json.writeNullField(name);
        } else {
            json.writeNumberField(name, value);
        }
    }

    private void vision(VisionConfig config) throws IOException {
        json.writeStringField("model_type", "siglip_vision_model");
        json.writeNumberField("hidden_size", config.hiddenSize());
        json.writeNumberField("intermediate_size", config.intermediateSize());
        json.writeNumberField("num_hidden_layers", config.layers());
        json.writeNumberField("num_attention_heads", config.heads());
        json.writeNumberField("image_size", config.imageSize());
        json.writeNumberField("patch_size", config.patchSize());
        json.writeNumberField("layer_norm_eps", config.layerNormEps());
        json.writeBooleanField("vision_use_head", false);
    }
}
