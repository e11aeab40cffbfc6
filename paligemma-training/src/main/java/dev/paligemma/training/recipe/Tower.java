package dev.paligemma.training.recipe;

/** A part of the network, for choosing where a recipe trains. */
public enum Tower {
    /** The image encoder, SigLIP. */
    VISION,
    /** The linear map from the encoder's width to the decoder's. */
    PROJECTOR,
    /** The language model, Gemma, with its token embedding and output head. */
    DECODER;

    /** The tower of a module by its canonical name, such as {@code vision_tower.encoder.layers.0.mlp.fc1}. */
    public static Tower of(String module) {
        if (module.startsWith("vision_tower.")) {
            return VISION;
        }
        return module.startsWith("multi_modal_projector.") ? PROJECTOR : DECODER;
    }
}
