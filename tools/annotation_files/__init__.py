"""Checks of files of annotation tools, for tools/check_annotation_tools.py."""
