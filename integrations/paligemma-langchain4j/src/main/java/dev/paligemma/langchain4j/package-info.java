/**
 * PaliGemma as a model of LangChain4j, inside the JVM.
 *
 * <p>{@link dev.paligemma.langchain4j.PaliGemmaChatModel} and {@link dev.paligemma.langchain4j.PaliGemmaStreamingChatModel} answer
 * messages with pictures through a {@link dev.paligemma.PaliGemmaPipeline} of the application; {@link
 * dev.paligemma.langchain4j.PaliGemmaTools} gives another language model eyes: tools that find things, read text, caption and answer.
 *
 * <pre>{@code
 * ChatModel model = PaliGemmaChatModel.builder().pipeline(pipeline).build();
 * ChatResponse response = model.chat(UserMessage.from(
 *         ImageContent.from(Path.of("cat.jpg"), "image/jpeg"), TextContent.from("caption en")));
 * }</pre>
 *
 * <p>PaliGemma was trained on tasks such as {@code caption en}, {@code answer en what color is the car?} and {@code detect cat}, not on
 * conversations: the text of a message is the prompt as it is. {@link dev.paligemma.langchain4j.OtherMessages} says what becomes of system
 * messages and of earlier ones.
 */
@NullMarked
package dev.paligemma.langchain4j;

import org.jspecify.annotations.NullMarked;
