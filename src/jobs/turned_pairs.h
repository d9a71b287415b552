// Pairs that stand the other way round than a run was taught to be asked.
#pragma once

#include <optional>
#include <span>
#include <vector>

#include "jobs/extract_setup.h"
#include "task/labels.h"
#include "task/prediction.h"
#include "task/prompt.h"

namespace relatum::jobs {

/// Whether the run learned each pair once, the entity that stands first as its head, as runs over
/// the pairs of sentences do where labels name their direction (asked_once(), graph_pairs.h).
bool asks_in_order(const ExtractSetup& setup, const task::Labels& labels);
/// Whether the tail stands before the head, by the order of graph::in_order().
bool tail_is_first(const task::Example& example);
/// Head and tail in each other's place.
task::Example turned(task::Example example);
/// The examples, those that `turns` names turned; none where it names none.
std::vector<task::Example> with_turned(std::span<const task::Example> examples,
                                       const std::vector<bool>& turns);
/// The label that says of a turned pair what `label` says of it as it stands: r(e2,e1) for
/// r(e1,e2) or r, and the other way round, where `labels` have it; else the label itself, as of one
/// that means no relation.
std::string turned_in(const task::Labels& labels, const std::string& label);
/// What was answered of the turned pair, said of the pair.
void turn(const task::PromptRenderer& renderer, task::Prediction& prediction);

}  // namespace relatum::jobs
