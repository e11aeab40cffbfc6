# The server in a container; docs/containers.md says how to build and run it.
FROM eclipse-temurin:17-jre-jammy

RUN useradd --uid 10001 --create-home paligemma \
    && mkdir -p /cache \
    && chown paligemma /cache

COPY apps/paligemma-cli/target/paligemma.jar /app/paligemma.jar

# Downloaded and converted weights; the folder must be writable by the user above.
ENV HF_HOME=/cache/huggingface PALIGEMMA_CACHE=/cache/paligemma
VOLUME /cache

USER 10001
EXPOSE 8080

# The image has no curl; bash opens the connection itself.
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["bash", "-c", "exec 3<>/dev/tcp/127.0.0.1/8080 && printf 'GET /healthz HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: close\\r\\n\\r\\n' >&3 && head -n 1 <&3 | grep -q ' 200 '"]

# The weights lie outside of Java's heap.
ENTRYPOINT ["java", "-Xmx1g", "-jar", "/app/paligemma.jar"]
CMD ["serve", "--host", "0.0.0.0"]
