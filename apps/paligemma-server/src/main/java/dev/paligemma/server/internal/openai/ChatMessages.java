package dev.paligemma.server.internal.openai;

import dev.paligemma.base.internal.Quote;
import dev.paligemma.server.internal.http.HttpFailure;
import dev.paligemma.server.internal.http.JsonBody;
import dev.paligemma.server.internal.picture.Upload;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * The question of a conversation. The model knows no conversations, so it is the text of the last message, which must be the user's, about
 * the pictures of that message; if it has none, about those of the last message before it that has some. Other messages of user and
 * assistant are not read.
 *
 * @param prompt the text, without white space around it
 * @param pictures the pictures in order, at least one
 */
record ChatMessages(String prompt, List<Upload> pictures) {
    private static final int MAX_PROMPT = 16_384;

    /** Reads the messages; those of the system are refused, unless they are to be left out. */
    static ChatMessages of(JsonBody body, boolean ignoreSystem, int maxPictures) {
        List<JsonBody> messages = body.objects("messages");
        if (messages.isEmpty()) {
            throw HttpFailure.badRequest("messages", "messages must be a list with at least one message");
        }
        List<Upload> pictures = List.of();
        String prompt = "";
        for (JsonBody message : messages) {
            String role = Objects.requireNonNullElse(message.text("role"), "");
            switch (role) {
                case "user" -> {
                    Content content = Content.of(message, maxPictures);
                    prompt = content.text();
                    pictures = content.pictures().isEmpty() ? pictures : content.pictures();
                }
                case "assistant" -> {}
                case "system", "developer" -> {
                    if (!ignoreSystem
                            && !Content.of(message, maxPictures).text().isEmpty()) {
                        throw HttpFailure.badRequest(
                                message.param("role"),
                                "messages of role " + role
                                        + " are not supported: PaliGemma was trained on prompts such as"
                                        + " 'caption en' and follows no instructions; leave the message out (whoever runs the server"
                                        + " may have such messages ignored)");
                    }
                }
                default -> throw message.wrong("role", "user, assistant, system or developer");
            }
        }
        JsonBody last = messages.get(messages.size() - 1);
        if (!"user".equals(last.text("role"))) {
            throw HttpFailure.badRequest(
                    "messages", "the last message must be of role user; the model answers that one");
        }
        if (pictures.isEmpty()) {
            throw HttpFailure.badRequest(
                    "messages",
                    "no message of the user has a picture: PaliGemma answers questions about pictures only; add a part of type"
                            + " image_url with a data URI");
        }
        return new ChatMessages(prompt, pictures);
    }

    /** What a message says: a text, or parts. */
    private record Content(String text, List<Upload> pictures) {
        static Content of(JsonBody message, int maxPictures) {
            Object content = message.value("content");
            if (content instanceof String text) {
                return new Content(bounded(message, text.strip()), List.of());
            }
            if (content == null) {
                throw message.wrong("content", "a text or a list of parts");
            }
            List<String> texts = new ArrayList<>();
            List<Upload> pictures = new ArrayList<>();
            for (JsonBody part : message.objects("content")) {
                String type = Objects.requireNonNullElse(part.text("type"), "");
                switch (type) {
                    case "text" -> texts.add(required(part, "text").strip());
                    case "image_url" -> pictures.add(picture(part));
                    default ->
                        throw HttpFailure.badRequest(
                                part.param("type"),
                                "content of type " + Quote.quote(type) + " is not supported, only text and image_url");
                }
            }
            if (pictures.size() > maxPictures) {
                throw HttpFailure.badRequest(
                        message.param("content"),
                        "a message may have " + maxPictures + " pictures, got " + pictures.size());
            }
            return new Content(bounded(message, String.join(" ", texts).strip()), pictures);
        }

        private static String bounded(JsonBody message, String text) {
            if (text.length() > MAX_PROMPT) {
                throw HttpFailure.badRequest(
                        message.param("content"),
                        "a prompt may have " + MAX_PROMPT + " characters, got " + text.length());
            }
            return text;
        }

        /** Some clients leave the object around the address out; how much detail is wanted, makes no difference to this model. */
        private static Upload picture(JsonBody part) {
            if (part.value("image_url") instanceof String address) {
                return Upload.ofText(part.param("image_url"), address);
            }
            JsonBody image = part.object("image_url");
            if (image == null) {
                throw part.wrong("image_url", "an object with a url");
            }
            return Upload.ofText(image.param("url"), required(image, "url"));
        }

        private static String required(JsonBody object, String name) {
            String text = object.text(name);
            if (text == null) {
                throw object.wrong(name, "a text");
            }
            return text;
        }
    }
}
