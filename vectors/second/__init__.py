"""A second implementation of phi-pre's formats, written from README.md alone."""
