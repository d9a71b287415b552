// The words that a model answers with, and answers.json, where a run keeps them.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "task/labels.h"

namespace relatum::task {

/// A label and the words that stand for it.
using AnswerWords = std::vector<std::pair<std::string, std::string>>;
/// From a label's name to its words; nullptr: the name itself.
using Verbalise = std::string (*)(std::string_view label);

/// One text per label, in the inventory's order, no two alike. A label gets its words by
/// `verbalise`. Labels that would share their words, and one that would have none, are answered by
/// their own names; where such a name is the words of another label, that one is answered by its
/// name, too. So a label's words never depend on the order of the inventory, and labels that
/// collide with none keep theirs. Throws Error for an empty inventory.
std::vector<std::string> answer_words(const Labels& labels, Verbalise verbalise);

/// The same for a run that was trained with the words `kept`, which stay what they are. A label
/// that the run does not know gets its words by the same rule, or its name where a label of the
/// run has those words. Throws Error where a label of the run is answered by that very name.
std::vector<std::string> answer_words(const Labels& labels, Verbalise verbalise,
                                      const AnswerWords& kept);

/// The words of runs that kept none: those of `verbalise`, or all labels' names where it gives two
/// labels the same words or one of them none.
std::vector<std::string> answer_words_before_they_were_kept(const Labels& labels,
                                                            Verbalise verbalise);

/// Labels beside their words, in order.
AnswerWords pair_words(const Labels& labels, std::span<const std::string> words);

/// answers.json: a JSON object from label to words, in the inventory's order. Reading throws Error
/// with the path, and where two labels have the same words; writing is atomic.
void save_answers(const std::filesystem::path& path, const AnswerWords& words);
AnswerWords load_answers(const std::filesystem::path& path);

}  // namespace relatum::task
