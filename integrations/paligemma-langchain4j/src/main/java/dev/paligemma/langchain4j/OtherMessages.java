package dev.paligemma.langchain4j;

/** What becomes of the messages of a request other than its last one. The model was trained on single prompts and knows no roles. */
public enum OtherMessages {
    /** A request with several messages is refused; the default. */
    REFUSE,
    /**
     * Only the last message is the prompt, and the others are left out. If it has no picture, it is about those of the last message before
     * it that has some: a question that follows another.
     */
    LEAVE_OUT,
    /** The texts of all messages are the prompt, in order, one below the other, and all pictures belong to it. */
    JOIN
}
