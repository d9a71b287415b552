// Tokens on their way back to text, as the decoders of tokenizer.json take them.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace relatum::text {

/// Steps applied in order to the list of tokens; what is left of them is joined.
using DecoderStep = std::function<void(std::vector<std::string>&)>;
using Decoder = std::vector<DecoderStep>;

/// Always valid UTF-8.
std::string decode(const Decoder& decoder, std::span<const std::string_view> tokens);

/// "Replace" of a plain text in each token.
DecoderStep replace_in_tokens(std::string from, std::string to);
/// "ByteFallback": runs of "<0xC4>" become the characters that they spell, or U+FFFD for each.
DecoderStep join_bytes();
/// "Fuse": one token of all.
DecoderStep fuse_tokens();
/// "Strip": up to `start` and `stop` of the character `content` at the ends of each token.
DecoderStep strip_tokens(std::string content, size_t start, size_t stop);
/// "Metaspace": `sign` becomes a space or, in the first token and with `prepended`, nothing.
DecoderStep signs_to_spaces(std::string sign, bool prepended);
/// Where there is no decoder: a space between tokens.
DecoderStep spaces_between();

}  // namespace relatum::text
