package dev.paligemma.base.internal;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.exc.StreamConstraintsException;
import com.fasterxml.jackson.core.util.JsonParserDelegate;
import java.io.IOException;

/** A parser that refuses long names of members, which Jackson itself does only since 2.16. Confined to one thread. */
final class BoundedNames extends JsonParserDelegate {
    private static final int MAX_CHARS = 50_000;

    BoundedNames(JsonParser parser) {
        super(parser);
    }

    @Override
    public JsonToken nextToken() throws IOException {
        JsonToken token = super.nextToken();
        if (token == JsonToken.FIELD_NAME && currentName().length() > MAX_CHARS) {
            throw new StreamConstraintsException(
                    "Name length (" + currentName().length() + ") exceeds the maximum allowed (" + MAX_CHARS + ")");
        }
        return token;
    }
}
