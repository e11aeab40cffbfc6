package dev.paligemma.hub;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.StreamReadConstraints;
import java.io.IOException;

/** Parses JSON from outside with limits on depth and length. */
final class JsonText {
    private static final int MAX_NAME_CHARS = 2_000;
    private static final int MAX_STRING_CHARS = 1 << 20;
    private static final int MAX_NUMBER_CHARS = 100;
    private static final int MAX_DEPTH = 64;

    /** Names are neither interned nor kept: nothing of a hostile text outlives its parser. */
    private static final JsonFactory FACTORY = JsonFactory.builder()
            .disable(JsonFactory.Feature.CANONICALIZE_FIELD_NAMES)
            .disable(JsonFactory.Feature.INTERN_FIELD_NAMES)
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxNestingDepth(MAX_DEPTH)
                    .maxNameLength(MAX_NAME_CHARS)
                    .maxStringLength(MAX_STRING_CHARS)
                    .maxNumberLength(MAX_NUMBER_CHARS)
                    .build())
            .build();

    private JsonText() {}

    static JsonParser parser(byte[] utf8) throws IOException {
        return FACTORY.createParser(utf8);
    }
}
