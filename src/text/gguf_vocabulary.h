// A folder's tokenizer as the keys of a GGUF file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "io/gguf_keys.h"

namespace relatum::text {

/// Adds "tokenizer.ggml.…" and the chat template, as llama.cpp's converter does, for the tokenizer
/// that load_tokenizer() reads from `folder`: byte-level BPE with one of the published word
/// patterns ("gpt2"), SentencePiece's BPE ("llama") and Unigram ("t5"), from their own files or
/// tokenizer.json. `rows`: of the embedding; ids without a token become "[PAD7]", unused. What was
/// made is read again and has to give the folder's ids for a number of texts. Returns what the keys
/// cannot say though those texts did not show it: added tokens that take the white space beside
/// them or have to stand alone, and, for llama.cpp, Unicode's NFC. Throws Error where ids differ,
/// or where there is no such kind.
std::vector<std::string> describe_tokenizer(const std::filesystem::path& folder, int64_t rows,
                                            io::GgufKeys& keys);

}  // namespace relatum::text
