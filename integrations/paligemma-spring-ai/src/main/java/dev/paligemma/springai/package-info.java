/**
 * PaliGemma as a {@code ChatModel} of Spring AI, inside the JVM. One artifact for Spring AI 1.1 and 2.0: {@link
 * dev.paligemma.springai.PaliGemmaChatModel} uses nothing that differs between them.
 *
 * <pre>{@code
 * ChatModel model = PaliGemmaChatModel.builder().pipeline(pipeline).build();
 * String caption = ChatClient.create(model).prompt()
 *         .user(user -> user.text("caption en").media(MimeTypeUtils.IMAGE_JPEG, new FileSystemResource("cat.jpg")))
 *         .call()
 *         .content();
 * }</pre>
 *
 * <p>PaliGemma was trained on tasks such as {@code caption en}, {@code answer en what color is the car?} and {@code detect cat}, not on
 * conversations: the text of a message is the prompt as it is. {@link dev.paligemma.springai.OtherMessages} says what becomes of system
 * messages and of earlier ones.
 */
@NullMarked
package dev.paligemma.springai;

import org.jspecify.annotations.NullMarked;
