package dev.paligemma.langchain4j.examples;

import dev.langchain4j.data.document.Metadata;
import dev.langchain4j.data.segment.TextSegment;
import dev.langchain4j.rag.content.Content;
import dev.langchain4j.rag.content.retriever.ContentRetriever;
import dev.paligemma.retrieval.PageEncoder;
import dev.paligemma.retrieval.PageIndex;

/** Pages as content of LangChain4j. */
final class PageRetrieverExample {
    private PageRetrieverExample() {}

    // region langchain4j-pages
    static ContentRetriever retriever(PageEncoder encoder, PageIndex index) {
        return query -> index.find(encoder, query.text(), 3).stream()
                .map(page -> Content.from(TextSegment.from(
                        page.source() + ", page " + page.number(),
                        new Metadata()
                                .put("source", page.source())
                                .put("page", page.number())
                                .put("score", page.score()))))
                .toList();
    }
    // endregion
}
