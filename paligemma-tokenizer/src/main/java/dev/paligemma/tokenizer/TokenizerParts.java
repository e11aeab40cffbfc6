package dev.paligemma.tokenizer;

import java.util.List;

/**
 * What a file says about a tokenizer, in whichever format it says it.
 *
 * @param vocabulary the model's tokens; the added tokens that are not among them are still to be added
 * @param merges the merges over these tokens
 * @param addedTokens the added tokens, whose ids and contents agree with the vocabulary
 * @param unknownId the id of the model's unknown token, or {@link Vocabulary#ABSENT} if it names none
 * @param fuseUnknown whether neighbouring unknown characters become one token
 */
record TokenizerParts(
        Vocabulary vocabulary, MergeTable merges, List<AddedToken> addedTokens, int unknownId, boolean fuseUnknown) {
    TokenizerParts {
        addedTokens = List.copyOf(addedTokens);
    }
}
