// The wording that the compact styles share, and that of their form on one line.
#pragma once

#include <string>
#include <string_view>

namespace relatum::task {

/// Instruction and labels: the same for all rows of a task.
inline constexpr std::string_view kCompactInstruction =
    "Name the relation between the entity in [ ] and the one in { }. Relations: {{labels}}.\n\n";

/// Retrieved examples, the sentence, the entities. Brackets are a token each where tags are four;
/// naming the entities once more, behind the whole sentence, was worth two points of F1 on
/// SemEval (lab/semeval).
inline constexpr std::string_view kCompactBody =
    "{{#example}}{{example_bracketed_text}}\n"
    "{{example_head}}{{#example_head_type}} ({{example_head_type}}){{/example_head_type}} and "
    "{{example_tail}}{{#example_tail_type}} ({{example_tail_type}}){{/example_tail_type}}: "
    "{{example_label}}\n\n{{/example}}"
    "{{bracketed_text}}\n"
    "{{head}}{{#head_type}} ({{head_type}}){{/head_type}} and "
    "{{tail}}{{#tail_type}} ({{tail_type}}){{/tail_type}}:";

/// A template whose retrieved examples lack this part, which shows their relation.
inline std::string without_part(std::string_view body, std::string_view part) {
  std::string text(body);
  return text.erase(text.find(part), part.size());
}

inline std::string compact_with_labels() {
  return std::string(kCompactInstruction) + std::string(kCompactBody);
}

/// The same on one line, in characters that T5's vocabulary has: no braces, no line break.
inline constexpr std::string_view kOneLineInstruction =
    "Name the relation between the entity in [ ] and the one in * *. Relations: {{labels}}. ";

inline constexpr std::string_view kOneLineBody =
    "{{#example}}{{example_starred_text}} | "
    "{{example_head}}{{#example_head_type}} ({{example_head_type}}){{/example_head_type}} and "
    "{{example_tail}}{{#example_tail_type}} ({{example_tail_type}}){{/example_tail_type}}: "
    "{{example_label}} | {{/example}}"
    "{{starred_text}} | "
    "{{head}}{{#head_type}} ({{head_type}}){{/head_type}} and "
    "{{tail}}{{#tail_type}} ({{tail_type}}){{/tail_type}}:";

inline std::string one_line_with_labels() {
  return std::string(kOneLineInstruction) + std::string(kOneLineBody);
}

}  // namespace relatum::task
