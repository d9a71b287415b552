// Label names as the words of a sentence: shorter to answer and nearer to what a model has read.
#pragma once

#include <string>
#include <string_view>

namespace relatum::task {

/// The words of a label, in lower case: "per:city_of_birth" is "per city of birth". A direction
/// becomes the order of the roles, the head's first: "Cause-Effect(e1,e2)" is "cause effect" and
/// "Cause-Effect(e2,e1)" "effect cause"; a name that is no pair of roles keeps its order and gains
/// "reversed" for (e2,e1). Several labels may share their words: see answer_texts().
std::string role_words(std::string_view label);

}  // namespace relatum::task
