package dev.paligemma.retrieval;

/**
 * How the texts around a page and a query are laid out. The two libraries that run ColPali differ, and rows of one layout are not
 * quite those of the other: pages and queries that are compared should have the same.
 */
public enum PromptLayout {
    /**
     * As {@code ColPaliProcessor} of transformers: behind a page {@code <bos>Describe the image.} and a newline; a query is {@code
     * <bos>Question: }, the text, ten {@code <pad>} and a newline. Other words than these are read from the checkpoint's {@code
     * processor_config.json}.
     */
    TRANSFORMERS,

    /**
     * As {@code ColPaliProcessor} of colpali_engine 0.3.18: behind a page {@code <bos><bos>Describe the image.} and a newline, a row
     * more than the other layout has; a query is {@code <bos>}, the text and ten {@code <pad>}.
     */
    COLPALI_ENGINE
}
