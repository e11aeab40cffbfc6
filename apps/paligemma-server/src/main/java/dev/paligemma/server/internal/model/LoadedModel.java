package dev.paligemma.server.internal.model;

import dev.paligemma.PaliGemmaPipeline;
import dev.paligemma.task.TaskRunner;

/**
 * A model that answers.
 *
 * @param pipeline the model; a view of it if the name is an adapter's
 * @param runner what single requests go to
 * @param id its name
 */
public record LoadedModel(PaliGemmaPipeline pipeline, TaskRunner runner, String id) {}
