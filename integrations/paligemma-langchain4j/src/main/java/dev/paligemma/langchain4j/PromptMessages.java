package dev.paligemma.langchain4j;

import dev.langchain4j.data.image.Image;
import dev.langchain4j.data.message.AiMessage;
import dev.langchain4j.data.message.ChatMessage;
import dev.langchain4j.data.message.Content;
import dev.langchain4j.data.message.ImageContent;
import dev.langchain4j.data.message.SystemMessage;
import dev.langchain4j.data.message.TextContent;
import dev.langchain4j.data.message.UserMessage;
import dev.langchain4j.exception.InvalidRequestException;
import dev.langchain4j.exception.UnsupportedFeatureException;
import dev.paligemma.vision.RgbImage;
import java.net.URI;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** The prompt and the pictures that messages make. Stateless. */
record PromptMessages(String text, List<RgbImage> images) {
    private static final Pattern DATA = Pattern.compile("data:[^,]{0,200};base64,", Pattern.CASE_INSENSITIVE);

    static PromptMessages of(List<ChatMessage> messages, OtherMessages others) {
        if (others == OtherMessages.JOIN) {
            List<PromptMessages> all = messages.stream().map(PromptMessages::of).toList();
            return new PromptMessages(
                    String.join("\n", all.stream().map(PromptMessages::text).toList()),
                    all.stream().flatMap(each -> each.images().stream()).toList());
        }
        if (others == OtherMessages.REFUSE && messages.size() > 1) {
            throw new UnsupportedFeatureException(
                    "a request with several messages is not supported, got " + messages.size()
                            + ": the model was trained on single prompts; choose what becomes of the others by otherMessages(...)");
        }
        int last = messages.size() - 1;
        if (!(messages.get(last) instanceof UserMessage)) {
            throw new UnsupportedFeatureException("a request that ends with a message of type "
                    + messages.get(last).type() + " is not supported; the prompt is a user's message");
        }
        PromptMessages prompt = of(messages.get(last));
        for (int i = last - 1; i >= 0 && prompt.images().isEmpty(); i--) {
            if (messages.get(i) instanceof UserMessage user) {
                prompt = new PromptMessages(prompt.text(), of(user).images());
            }
        }
        return prompt;
    }

    private static PromptMessages of(ChatMessage message) {
        if (message instanceof SystemMessage system) {
            return new PromptMessages(system.text(), List.of());
        }
        if (message instanceof AiMessage answer && answer.text() != null && !answer.hasToolExecutionRequests()) {
            return new PromptMessages(answer.text(), List.of());
        }
        if (!(message instanceof UserMessage user)) {
            throw new UnsupportedFeatureException("a message of type " + message.type()
                    + (message instanceof AiMessage ? " that calls tools" : "") + " is not supported");
        }
        List<String> texts = new ArrayList<>();
        List<RgbImage> images = new ArrayList<>();
        for (Content content : user.contents()) {
            if (content instanceof TextContent text) {
                texts.add(text.text());
            } else if (content instanceof ImageContent picture) {
                images.add(RgbImage.read(bytes(picture.image())));
            } else {
                throw new UnsupportedFeatureException(
                        "content of type " + content.type() + " is not supported; there may be text and images");
            }
        }
        return new PromptMessages(String.join("\n", texts), images);
    }

    private static byte[] bytes(Image image) {
        String encoded = image.base64Data();
        URI address = image.url();
        if (encoded == null && address != null) {
            String text = address.toString();
            Matcher data = DATA.matcher(text);
            if (!data.lookingAt()) {
                throw new UnsupportedFeatureException(
                        "an image given by its address is not supported, for addresses are not"
                                + " followed; give its bytes, as by ImageContent.from(path, mimeType)");
            }
            encoded = text.substring(data.end());
        }
        if (encoded == null) {
            throw new InvalidRequestException("an image without data");
        }
        try {
            return Base64.getDecoder().decode(encoded);
        } catch (IllegalArgumentException e) {
            throw new InvalidRequestException("an image is not in base64: " + e.getMessage(), e);
        }
    }
}
