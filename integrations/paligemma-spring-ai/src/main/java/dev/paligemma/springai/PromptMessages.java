package dev.paligemma.springai;

import dev.paligemma.vision.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.springframework.ai.chat.messages.AssistantMessage;
import org.springframework.ai.chat.messages.Message;
import org.springframework.ai.chat.messages.SystemMessage;
import org.springframework.ai.chat.messages.UserMessage;
import org.springframework.ai.content.Media;

/** The prompt and the pictures that messages make. */
record PromptMessages(String text, List<RgbImage> images) {
    static PromptMessages of(List<Message> messages, OtherMessages others) {
        if (others == OtherMessages.JOIN) {
            List<PromptMessages> all = messages.stream().map(PromptMessages::of).toList();
            return new PromptMessages(
                    String.join("\n", all.stream().map(PromptMessages::text).toList()),
                    all.stream().flatMap(each -> each.images().stream()).toList());
        }
        if (messages.isEmpty()) {
            throw new IllegalArgumentException("a prompt needs a message, got none");
        }
        if (others == OtherMessages.REFUSE && messages.size() > 1) {
            throw new IllegalArgumentException(
                    "a prompt of several messages is not supported, got " + messages.size()
                            + ": the model was trained on single prompts; choose what becomes of the others by otherMessages(...)");
        }
        int last = messages.size() - 1;
        if (!(messages.get(last) instanceof UserMessage)) {
            throw new IllegalArgumentException("a prompt that ends with a message of type "
                    + messages.get(last).getMessageType() + " is not supported; expected a user's message");
        }
        PromptMessages prompt = of(messages.get(last));
        for (int i = last - 1; i >= 0 && prompt.images().isEmpty(); i--) {
            if (messages.get(i) instanceof UserMessage user) {
                prompt = new PromptMessages(prompt.text(), images(user));
            }
        }
        return prompt;
    }

    private static PromptMessages of(Message message) {
        if (message instanceof UserMessage user) {
            return new PromptMessages(Objects.requireNonNullElse(user.getText(), ""), images(user));
        }
        boolean isText = message instanceof SystemMessage
                || (message instanceof AssistantMessage answer && !answer.hasToolCalls());
        if (!isText) {
            throw new IllegalArgumentException("a message of type " + message.getMessageType()
                    + (message instanceof AssistantMessage ? " that calls tools" : "") + " is not supported");
        }
        return new PromptMessages(Objects.requireNonNullElse(message.getText(), ""), List.of());
    }

    private static List<RgbImage> images(UserMessage message) {
        List<RgbImage> images = new ArrayList<>();
        for (Media media : message.getMedia()) {
            if (!media.getMimeType().getType().equals("image")) {
                throw new IllegalArgumentException(
                        "media of type " + media.getMimeType() + " are not supported; expected an image");
            }
            if (!(media.getData() instanceof byte[] bytes)) {
                throw new IllegalArgumentException(
                        "a picture given by its address is not supported, for addresses are not"
                                + " followed; give its bytes, as by new Media(mimeType, resource)");
            }
            images.add(RgbImage.read(bytes));
        }
        return images;
    }
}
